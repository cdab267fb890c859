import { readFileSync } from 'node:fs';
import { Kafka, logLevel, type SASLOptions } from 'kafkajs';
import type { Log } from '#kernel/log.ts';
import type { KafkaConfig } from '#plan/debezium-config.ts';

/** kafkajs with the configuration's addresses and credentials; what it has to say goes to our log. */
export function kafkaClient(config: KafkaConfig, clientId: string, log: Log): Kafka {
  return new Kafka({
    clientId,
    brokers: [...config.brokers],
    ...(config.sasl ? { sasl: config.sasl as SASLOptions } : {}),
    ...(config.tls
      ? { ssl: typeof config.tls === 'object' ? { ca: readFileSync(config.tls.caFile, 'utf8') } : true }
      : {}),
    connectionTimeout: 3_000,
    // Who uses it decides how often to try again: a dead broker is soon known, and soon found again.
    retry: { retries: 3, initialRetryTime: 100, maxRetryTime: 1_000 },
    logLevel: logLevel.WARN,
    logCreator:
      () =>
      ({ level, log: { message, error } }) => {
        const facts = { kafka: clientId, ...(error === undefined ? {} : { error: String(error) }) };
        if (level <= logLevel.ERROR) log.warn(facts, message);
        else log.debug(facts, message);
      },
  });
}
