import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { until } from '#test/cdc-fixture.ts';
import { boards, fileOf, jsonOf } from '../../deploy/grafana/source/write.ts';
import { documentedMetrics, exposedMetrics } from './documented.ts';
import { withoutPrometheus } from './find-prometheus.ts';
import { files, filledIn, needsConnect, queries } from './panel-queries.ts';
import { startWatchedShop, type WatchedShop } from './watched-shop.ts';

describe('the dashboards', () => {
  it.each(boards.map((spec) => [fileOf(spec), spec] as const))(
    '%s is what its description says',
    async (file, spec) => {
      // Else: node deploy/grafana/source/write.ts
      expect(readFileSync(file, 'utf8')).toBe(await jsonOf(spec));
    },
  );

  it('have one file each, and panels that do not overlap', () => {
    expect(files.map((file) => `deploy/grafana/dashboards/${file}`).sort()).toEqual(
      boards.map(fileOf).sort(),
    );
    for (const file of files) {
      const { panels } = JSON.parse(readFileSync(`deploy/grafana/dashboards/${file}`, 'utf8')) as {
        panels: { id: number; gridPos: { x: number; y: number; w: number; h: number } }[];
      };
      expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
      const taken = new Set<string>();
      for (const { gridPos } of panels) {
        expect(gridPos.x + gridPos.w).toBeLessThanOrEqual(24);
        for (let x = gridPos.x; x < gridPos.x + gridPos.w; x++) {
          for (let y = gridPos.y; y < gridPos.y + gridPos.h; y++) {
            expect(taken.has(`${x} ${y}`)).toBe(false);
            taken.add(`${x} ${y}`);
          }
        }
      }
    }
  });
});

const reason = withoutPrometheus();
describe.skipIf(reason !== undefined)(
  `a real Prometheus that scrapes the running shop${reason === undefined ? '' : ` (left out: ${reason})`}`,
  () => {
    let watched: WatchedShop;
    beforeAll(async () => {
      watched = await startWatchedShop();
    }, 300_000);
    afterAll(() => watched?.stop());

    it('finds every target', async () => {
      await until('all targets to be up', async () => {
        const up = await watched.prometheus.query('up');
        return up.length === 6 && up.every(({ value }) => value[1] === '1');
      });
    });

    it.each(queries.filter((query) => !needsConnect(query)).map(({ name, expr }) => [name, expr] as const))(
      'has data for %s',
      async (_name, expr) => {
        await until(`data for ${expr}`, async () => {
          const samples = await watched.prometheus.query(filledIn(expr));
          return samples.some(({ value }) => !Number.isNaN(Number(value[1])));
        });
      },
    );

    it.each(queries.filter(needsConnect).map(({ name, expr }) => [name, expr] as const))(
      'understands %s, which has data with Kafka Connect alone',
      async (_name, expr) => {
        expect(await watched.prometheus.query(filledIn(expr))).toEqual([]);
      },
    );

    it('evaluates every rule, and each recorded series is there', async () => {
      const rules = await watched.prometheus.rules();
      expect(
        rules.filter(({ health }) => health !== 'ok').map(({ name, lastError }) => [name, lastError]),
      ).toEqual([]);
      expect(rules.some(({ type }) => type === 'alerting')).toBe(true);
      for (const { name } of rules.filter(({ type }) => type === 'recording'))
        await until(`series of ${name}`, async () => (await watched.prometheus.query(name)).length > 0);
    });

    it('has no reason for an alert', async () => {
      expect(await watched.prometheus.query('ALERTS{alertstate="firing"}')).toEqual([]);
    });

    describe('docs/metrics.md', () => {
      const processes = ['proxy', 'operator', 'cdc', 'monolith', 'catalogue'];

      it.each(processes)(
        'lists the metrics of %s, all and no other, with their types and labels',
        async (name) => {
          const text = await (await fetch(`${watched.shop.origins.get(name)}/metrics`)).text();
          const exposed = exposedMetrics(text);
          const pages = documentedMetrics();
          const inConnect = (pages.get('connect') ?? []).filter((metric) =>
            exposed.some((own) => own.name === metric.name),
          );
          const documented = [
            ...(pages.get(name === 'catalogue' ? 'services' : name) ?? []),
            ...(name === 'cdc' ? inConnect : []),
          ];
          const plain = (metrics: typeof exposed) =>
            metrics.map(({ name: own, type }) => `${own} ${type}`).sort();
          expect(plain(exposed)).toEqual(plain(documented));
          // A metric that nothing has been counted for shows no labels.
          for (const { name: own, labels } of exposed.filter((metric) => metric.labels.length > 0))
            expect([own, labels]).toEqual([own, documented.find((metric) => metric.name === own)?.labels]);
        },
      );
    });
  },
);
