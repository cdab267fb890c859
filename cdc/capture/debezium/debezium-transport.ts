import type { Kafka } from 'kafkajs';
import { MatapaloError } from '#kernel/errors.ts';
import type { Log } from '#kernel/log.ts';
import type { Registry } from '#kernel/metrics.ts';
import type { DebeziumConfig } from '#plan/debezium-config.ts';
import { syncName, topicName } from '#plan/names.ts';
import { connectorConfig, unavailablePlaceholder } from '../../connect/connector-config.ts';
import { ConnectorKeeper, tooOld, type KeptState } from '../../connect/connector-keeper.ts';
import { removeConnector } from '../../connect/end-connector.ts';
import { kafkaClient } from '../../connect/kafka-client.ts';
import { ConnectorMetrics } from '../../connect/metrics.ts';
import { ConnectRest } from '../../connect/rest.ts';
import { ensureTopic, removeTopic } from '../../connect/topic.ts';
import type { KeepEvents, Kept, OpenOptions, Stream, Transport } from '../transport.ts';
import { DebeziumCapture, type LogIdentity } from './debezium-capture.ts';
import { readsOf } from './decode.ts';
import { nameLog } from './log-id.ts';
import { kafkaError, KafkaLogReader } from './log-reader.ts';

/** What Debezium says when its slot is not the one that it has read from: starting it again does not help. */
const hopeless =
  /no longer available on the server|can no longer get changes from replication slot|replication slot .* does not exist|cannot seek to the last known offset/i;

/** A connector per group and direction writes to a topic, which is read from the offset in the checkpoint. */
export class DebeziumTransport implements Transport {
  readonly name = 'debezium';
  readonly #config: DebeziumConfig;
  readonly #kafka: Kafka;
  readonly #rest: ConnectRest;
  readonly #metrics: ConnectorMetrics | undefined;
  readonly #log: Log;

  constructor(config: DebeziumConfig, log: Log, registry?: Registry) {
    this.#config = config;
    this.#log = log;
    this.#kafka = kafkaClient(config.kafka, 'matapalo-cdc', log);
    this.#rest = new ConnectRest(config.connect);
    this.#metrics = registry === undefined ? undefined : new ConnectorMetrics(registry);
  }

  async begin(stream: Stream) {
    await this.remove(stream);
    const topic = topicName(stream.group.name, stream.direction);
    await attempt(topic, () => ensureTopic(this.#kafka, topic, this.#config.kafka));
    const log = await nameLog(this.#kafka, topic);
    const source: LogIdentity = { transport: 'debezium', log };
    // Nothing has ended yet, and the log's own record has been read.
    return { position: { major: 0n, minor: 1 }, source };
  }

  keep({ group, direction }: Stream, events: KeepEvents): Kept {
    const name = syncName(group.name, direction);
    const keeper = new ConnectorKeeper({
      rest: this.#rest,
      name,
      config: connectorConfig(group, direction, this.#config.connect),
      log: this.#log,
      onState: (state: KeptState, reason: string | undefined) => {
        this.#metrics?.set(group.name, direction, state);
        if (reason !== undefined && hopeless.test(reason)) {
          events.onFailed(
            new MatapaloError('group-stopped', `The connector ${name} cannot go on: ${reason}`, {
              hint: 'The slot was lost, dropped or recreated. Run `matapalo resync` for the group.',
            }),
          );
        }
        if (reason !== undefined && tooOld.test(reason)) {
          events.onFailed(
            new MatapaloError('group-stopped', reason, {
              hint: 'After that, run `matapalo resync` for the group: rows may be missing where it was synced by the old one.',
            }),
          );
        }
        const fine = state === 'running' || state === 'starting' || state === 'missing';
        events.onTrouble(
          fine ? undefined : `The connector ${name} is ${state}${reason ? `: ${reason}` : ''}`,
        );
      },
    });
    keeper.start();
    return { stop: () => keeper.stop() };
  }

  open({ group, direction, flows, sourceUrl, source, checkpoint }: OpenOptions): DebeziumCapture {
    return new DebeziumCapture({
      reader: new KafkaLogReader(this.#kafka, topicName(group.name, direction)),
      url: sourceUrl,
      pool: source,
      name: syncName(group.name, direction),
      placeholder: unavailablePlaceholder,
      reads: readsOf(flows),
      source: checkpoint.transport === 'debezium' && checkpoint.log ? (checkpoint as LogIdentity) : undefined,
    });
  }

  async remove({ group, direction }: Stream): Promise<void> {
    const topic = topicName(group.name, direction);
    await removeConnector(this.#rest, syncName(group.name, direction));
    await attempt(topic, () => removeTopic(this.#kafka, topic));
    this.#metrics?.forget(group.name, direction);
  }

  close(): Promise<void> {
    return this.#rest.close();
  }
}

async function attempt<T>(topic: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    throw kafkaError(cause, topic);
  }
}
