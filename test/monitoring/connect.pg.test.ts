import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { until } from '#test/cdc-fixture.ts';
import { kafkaSuite, withoutKafka } from '#test/kafka.ts';
import { documentedMetrics, exposedMetrics } from './documented.ts';
import { withoutPrometheus } from './find-prometheus.ts';
import { filledIn, needsConnect, queries } from './panel-queries.ts';
import { startWatchedShop, type WatchedShop } from './watched-shop.ts';

const reason = withoutKafka ?? withoutPrometheus();
describe.skipIf(reason !== undefined)(kafkaSuite('a real Prometheus beside Kafka Connect'), () => {
  let watched: WatchedShop;
  beforeAll(async () => {
    watched = await startWatchedShop({ profile: 'debezium' });
  }, 400_000);
  afterAll(() => watched?.stop());

  it.each(queries.filter(needsConnect).map(({ name, expr }) => [name, expr] as const))(
    'has data for %s',
    async (_name, expr) => {
      const running = await until(`data for ${expr}`, async () => {
        const samples = await watched.prometheus.query(filledIn(expr));
        return samples.length === 2 && samples;
      });
      expect(running.map(({ metric }) => metric['direction']).sort()).toEqual(['forward', 'reverse']);
    },
  );

  it('the page of metrics has what the worker shows of connectors', async () => {
    const text = await (await fetch(`${watched.shop.origins.get('cdc')}/metrics`)).text();
    const documented = documentedMetrics().get('connect');
    expect(exposedMetrics(text)).toEqual(expect.arrayContaining(documented ?? []));
    expect(documented?.length).toBeGreaterThan(0);
  });
});
