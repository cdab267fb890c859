import { MatapaloError } from '#kernel/errors.ts';
import type { Log } from '#kernel/log.ts';
import type { Registry } from '#kernel/metrics.ts';
import type { StranglerConfig } from '#plan/config.ts';
import { DebeziumTransport } from './debezium/debezium-transport.ts';
import { directTransport } from './direct/direct-transport.ts';
import type { Transport } from './transport.ts';

/** The transport that the configuration names. */
export function openTransport(
  { transport, debezium }: Pick<StranglerConfig, 'transport' | 'debezium'>,
  log: Log,
  registry?: Registry,
): Transport {
  if (transport !== 'debezium') return directTransport();
  if (debezium === undefined) {
    throw new MatapaloError(
      'config-invalid',
      'The transport debezium needs `debezium` in the configuration.',
      {
        hint: 'Say where Kafka and Kafka Connect are, or spread `transportFromEnv(process.env)`.',
      },
    );
  }
  return new DebeziumTransport(debezium, log, registry);
}
