import { kafkaMissing } from '#stack/kafka/jars.ts';
import { startKafka, type KafkaOptions, type KafkaStack } from '#stack/kafka/kafka.ts';

/**
 * Why the suites that need Kafka are left out here; undefined where they run: `describe.skipIf(withoutKafka)`. In CI (CI=true) they
 * are never left out: starting Kafka then fails with the reason.
 */
export const withoutKafka: string | undefined = process.env['CI'] === 'true' ? undefined : kafkaMissing();

/** The suite's name with the reason why it is left out, where it is. */
export function kafkaSuite(name: string): string {
  return withoutKafka === undefined ? name : `${name} (left out: ${withoutKafka})`;
}

/** Kafka and Connect of their own, on free ports and in a temporary folder. Start once a file (about 6 s), stop in the end. */
export function startTestKafka(options: Omit<KafkaOptions, 'dataDir'> = {}): Promise<KafkaStack> {
  return startKafka(options);
}
