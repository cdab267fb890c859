import { Type } from 'typebox';
import type { StranglerConfig } from './config.ts';
import { saslMechanisms } from './debezium-config.ts';
import type { ConfigProblem } from './config-shape.ts';

const text = Type.String({ minLength: 1 });
const count = Type.Optional(Type.Integer({ minimum: 1, maximum: 32_767 }));

export const transportShape = Type.Union([Type.Literal('direct'), Type.Literal('debezium')]);

export const debeziumShape = Type.Object(
  {
    kafka: Type.Object(
      {
        brokers: Type.Array(text, { minItems: 1 }),
        sasl: Type.Optional(
          Type.Object(
            {
              mechanism: Type.Union(saslMechanisms.map((name) => Type.Literal(name))),
              username: text,
              password: text,
            },
            { additionalProperties: false },
          ),
        ),
        tls: Type.Optional(
          Type.Union([Type.Boolean(), Type.Object({ caFile: text }, { additionalProperties: false })]),
        ),
        replicationFactor: count,
        minInsyncReplicas: count,
      },
      { additionalProperties: false },
    ),
    connect: Type.Object(
      {
        url: text,
        username: Type.Optional(text),
        password: Type.Optional(text),
        caFile: Type.Optional(text),
        settings: Type.Optional(Type.Record(Type.String(), Type.String())),
      },
      { additionalProperties: false },
    ),
  },
  { additionalProperties: false },
);

/** Settings of connectors on which the tool's promises rest: another value would lose, double or round something. */
const ours = [
  'connector.class',
  'tasks.max',
  'topic.prefix',
  'plugin.name',
  'slot.name',
  'slot.drop.on.stop',
  'slot.stream.params',
  'publication.name',
  'publication.autocreate.mode',
  'snapshot.mode',
  'table.include.list',
  'provide.transaction.metadata',
  'skipped.operations',
  'tombstones.on.delete',
  'decimal.handling.mode',
  'time.precision.mode',
  'interval.handling.mode',
  'binary.handling.mode',
  'hstore.handling.mode',
  'include.unknown.datatypes',
  'unavailable.value.placeholder',
  'key.converter',
  'value.converter',
  'transforms',
  'errors.tolerance',
  'producer.override.acks',
];

/** What a right shape does not tell. */
export function debeziumProblems({ transport, debezium }: StranglerConfig): ConfigProblem[] {
  if (debezium === undefined) {
    return transport === 'debezium'
      ? [{ path: ['debezium'], message: "is missing; the transport 'debezium' needs kafka and connect" }]
      : [];
  }
  const problems: ConfigProblem[] = [];
  const { kafka, connect } = debezium;
  kafka.brokers.forEach((broker, index) => {
    if (!/^[^\s:/]+:\d{1,5}$|^\[[0-9a-fA-F:]+\]:\d{1,5}$/.test(broker))
      problems.push({
        path: ['debezium', 'kafka', 'brokers', String(index)],
        message: `"${broker}" is not host:port`,
      });
  });
  if (!URL.canParse(connect.url) || !/^https?:$/.test(new URL(connect.url).protocol))
    problems.push({
      path: ['debezium', 'connect', 'url'],
      message: `"${connect.url}" is not a URL that starts with http`,
    });
  const { replicationFactor = Infinity, minInsyncReplicas = 1 } = kafka;
  if (minInsyncReplicas > replicationFactor)
    problems.push({
      path: ['debezium', 'kafka', 'minInsyncReplicas'],
      message: `${minInsyncReplicas} replicas cannot be in sync where there are ${replicationFactor}`,
    });
  for (const name of Object.keys(connect.settings ?? {})) {
    if (ours.some((own) => name === own || name.startsWith(`${own}.`)) || /^database\./.test(name))
      problems.push({
        path: ['debezium', 'connect', 'settings', name],
        message: `the tool sets "${name}" itself: exactness rests on it`,
      });
  }
  return problems;
}
