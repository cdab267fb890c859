import { afterAll, beforeAll, describe } from 'vitest';
import type { KafkaStack } from '#stack/kafka/kafka.ts';
import { kafkaSuite, startTestKafka, withoutKafka } from './kafka.ts';
import { startTwoSides, type TwoSides, type TwoSidesOptions } from './two-sides.ts';

/** One transport under test, as a suite sees it. */
export interface UnderTest {
  transport: 'direct' | 'debezium';
  /** Two clusters of its own; call it in `beforeAll`. */
  start: (options?: Omit<TwoSidesOptions, 'debezium'>) => Promise<TwoSides>;
  /** Only for `debezium`, once the suite has begun. */
  kafka: () => KafkaStack;
  /** Runs `work` while nothing of the transport's own holds a slot. */
  whileSlotsAreFree: (work: () => Promise<void>) => Promise<void>;
}

/**
 * The same suite for every transport: what holds for one has to hold for all. Where Kafka cannot be run, its half is skipped with
 * the reason in its name, and counted.
 */
export function onEachTransport(define: (under: UnderTest) => void): void {
  describe('direct', () =>
    define({
      transport: 'direct',
      start: (options) => startTwoSides(options),
      kafka: () => {
        throw new Error('The transport direct has no Kafka.');
      },
      whileSlotsAreFree: (work) => work(),
    }));
  describe.skipIf(withoutKafka)(kafkaSuite('debezium'), () => {
    let stack: KafkaStack | undefined;
    const kafka = () => {
      if (stack === undefined) throw new Error('Kafka has not been started.');
      return stack;
    };
    // Registered first: it stands before the suite's own servers start, and goes after them.
    beforeAll(async () => {
      stack = await startTestKafka();
    });
    afterAll(() => stack?.stop());
    define({
      transport: 'debezium',
      start: (options) => startTwoSides({ ...options, debezium: kafka().config }),
      kafka,
      async whileSlotsAreFree(work) {
        await kafka().connect.kill();
        try {
          await work();
        } finally {
          await kafka().connect.start();
        }
      },
    });
  });
}
