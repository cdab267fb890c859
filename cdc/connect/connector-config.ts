import { MatapaloError } from '#kernel/errors.ts';
import { tablesOf } from '#guard/install.ts';
import { databaseOf, type GroupPlan } from '#plan/compile.ts';
import type { ConnectConfig } from '#plan/debezium-config.ts';
import { syncName, toolSchema, topicName } from '#plan/names.ts';
import { sourceSide, type Direction } from '#plan/phase.ts';

/** What Debezium writes instead of a TOASTed value that an update left alone; long enough that nobody has it as a value. */
export const unavailablePlaceholder = '__matapalo_unchanged_5f1c0e9a7d3b__';

/**
 * Settings of the connector of one group and direction. One topic with one partition keeps the order of commits, also that of
 * transactions' ends, which go there too. The slot and the publication are the tool's: the connector makes neither and copies nothing.
 */
export function connectorConfig(
  group: GroupPlan,
  direction: Direction,
  { settings }: Pick<ConnectConfig, 'settings'> = {},
): Record<string, string> {
  const topic = topicName(group.name, direction);
  const name = syncName(group.name, direction);
  const json = 'org.apache.kafka.connect.json.JsonConverter';
  return {
    'connector.class': 'io.debezium.connector.postgresql.PostgresConnector',
    'tasks.max': '1',
    ...databaseSettings(group, direction),
    'topic.prefix': topic,

    'plugin.name': 'pgoutput',
    'slot.name': name,
    'slot.drop.on.stop': 'false',
    // Where the slot is gone the connector makes another, which begins after a hole: one that is ahead of Connect's offset is refused.
    'offset.mismatch.strategy': 'trust_offset',
    'slot.stream.params': 'origin=none',
    // Of a task that was killed the server may still hold the slot for a moment.
    'slot.max.retries': '30',
    'slot.retry.delay.ms': '1000',
    'publication.name': name,
    'publication.autocreate.mode': 'disabled',
    'snapshot.mode': 'no_data',
    // Without a list it would look at every table of the database whenever it starts.
    'table.include.list': tableList(group, direction),

    'provide.transaction.metadata': 'true',
    'skipped.operations': 'none',
    'tombstones.on.delete': 'false',
    'decimal.handling.mode': 'string',
    'time.precision.mode': 'isostring',
    'interval.handling.mode': 'string',
    'binary.handling.mode': 'hex',
    'hstore.handling.mode': 'json',
    'include.unknown.datatypes': 'true',
    // Headers that say which connector wrote a record: four of them with every row.
    'extended.headers.enabled': 'false',
    'unavailable.value.placeholder': unavailablePlaceholder,

    'key.converter': json,
    'key.converter.schemas.enable': 'false',
    'value.converter': json,
    'value.converter.schemas.enable': 'false',
    transforms: 'route',
    'transforms.route.type': 'org.apache.kafka.connect.transforms.RegexRouter',
    'transforms.route.regex': '.*',
    'transforms.route.replacement': topic,

    // What cannot be handled stops the connector: nothing is left out.
    'errors.tolerance': 'none',
    'errors.log.enable': 'true',
    'poll.interval.ms': '5',
    'status.update.interval.ms': '1000',
    'retriable.restart.connector.wait.ms': '1000',
    'producer.override.acks': 'all',
    ...settings,
  };
}

function databaseSettings(group: GroupPlan, direction: Direction): Record<string, string> {
  const side = sourceSide(direction);
  const where = side === 'legacy' ? 'monolith' : `services.${group.service.name}`;
  const { connectPassword } = side === 'legacy' ? group.monolith : group.service;
  const url = new URL(databaseOf(group, side));
  if (url.password !== '' && connectPassword === undefined) {
    throw new MatapaloError('config-invalid', `${where}.connectPassword is missing.`, {
      hint:
        'Kafka Connect stores the settings of connectors in the clear. Say where its worker finds the password, ' +
        "such as '${env:MONOLITH_DB_PASSWORD}' or '${file:/run/secrets/db.properties:password}'.",
    });
  }
  const sslMode = url.searchParams.get('sslmode');
  const rootCertificate = url.searchParams.get('sslrootcert');
  return {
    'database.hostname': url.hostname.replace(/^\[|\]$/g, ''),
    'database.port': url.port || '5432',
    'database.user': decodeURIComponent(url.username),
    'database.dbname': decodeURIComponent(url.pathname.slice(1)),
    ...(connectPassword === undefined ? {} : { 'database.password': connectPassword }),
    ...(sslMode === null ? {} : { 'database.sslmode': sslMode }),
    ...(rootCertificate === null ? {} : { 'database.sslrootcert': rootCertificate }),
  };
}

/** Regular expressions, by comma, of `schema.table`: the group's tables and the beat's. */
function tableList(group: GroupPlan, direction: Direction): string {
  return [...tablesOf(group, sourceSide(direction)), { schema: toolSchema, table: 'beat' }]
    .map(({ schema, table }) => `${quote(schema)}\\.${quote(table)}`)
    .join(',');
}

function quote(name: string): string {
  // A comma would end the entry, whatever stands before it.
  return name.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&').replaceAll(',', '\\x2c');
}
