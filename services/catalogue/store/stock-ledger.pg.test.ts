import fc from 'fast-check';
import type { DataSource } from 'typeorm';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startCluster, type Cluster } from '#stack/clusters.ts';
import { Refusal } from '../rules/refusal.ts';
import { normaliseLines } from '../rules/reservation.ts';
import { poolOf } from '#kernel/db/service-database.ts';
import { createDataSource } from './data-source.ts';
import { ownsAlone } from '#kernel/db/ownership.ts';
import { expireDue, moveReservation, reserve } from './reservations.ts';
import { rows } from '#kernel/db/statements.ts';
import { adjustStock } from './stock.ts';
import { createWrite, type Write } from '#kernel/db/unit-of-work.ts';

let cluster: Cluster;
let source: DataSource;
let write: Write;

const products = [1, 2, 3, 4];
const perProduct = 20;

beforeAll(async () => {
  cluster = await startCluster();
  source = createDataSource({ url: await cluster.createDatabase('ledger'), poolSize: 16 });
  await source.initialize();
  await source.runMigrations();
  write = createWrite(poolOf(source), ownsAlone);
  await source.query(`insert into categories (name, slug) values ('All', 'all')`);
  await source.query(
    `insert into products (id, sku, name, category_id) select n, 'P-' || n, 'Product ' || n, 1 from unnest($1::int[]) n`,
    [products],
  );
});

afterAll(async () => {
  await source?.destroy();
  await cluster?.stop();
});

const lines = fc
  .array(fc.record({ productId: fc.constantFrom(...products), quantity: fc.integer({ min: 1, max: 6 }) }), {
    minLength: 1,
    maxLength: 4,
  })
  .map(normaliseLines);
const index = fc.nat({ max: 11 });

type Step =
  | { kind: 'reserve'; index: number; lines: ReturnType<typeof normaliseLines>; overdue: boolean }
  | { kind: 'commit' | 'release'; index: number }
  | { kind: 'expire' }
  | { kind: 'adjust'; index: number; productId: number; delta: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant('reserve' as const), index, lines, overdue: fc.boolean() }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constantFrom('commit' as const, 'release' as const), index }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('expire' as const) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('adjust' as const),
      index,
      productId: fc.constantFrom(...products),
      delta: fc.integer({ min: -10, max: 10 }),
    }),
  },
);

const id = (kind: string, number: number) =>
  `${kind}0000000-0000-4000-8000-${String(number).padStart(12, '0')}`;

/** One request, as a client would send it. A refusal is an answer; anything else is a failure of the store. */
async function perform(each: Step): Promise<void> {
  try {
    if (each.kind === 'reserve') {
      const asked = {
        id: id('a', each.index),
        lines: each.lines,
        ttlSeconds: each.overdue ? 0 : 900,
        userId: '1',
      };
      await write((sql) => reserve(sql, asked));
    } else if (each.kind === 'expire') await write((sql) => expireDue(sql));
    else if (each.kind === 'adjust') {
      const { productId, delta } = each;
      const asked = { adjustmentId: id('b', each.index), productId, delta, reason: 'test' };
      await write((sql) => adjustStock(sql, asked));
    } else {
      const move = each.kind;
      await write((sql) => moveReservation(sql, id('a', each.index), move));
    }
  } catch (error) {
    if (!(error instanceof Refusal) || error.status >= 500) throw error;
  }
}

describe('stock', () => {
  test('adds up, whatever is asked at the same time and however often', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 30, maxLength: 60 }), async (steps) => {
        await source.query(
          'truncate stock_levels, stock_adjustments, reservation_lines, reservations, outbox',
        );
        await source.query('insert into stock_levels (product_id, on_hand) select unnest($1::int[]), $2', [
          products,
          perProduct,
        ]);
        // Each is sent twice at once, as a client does whose answer was lost.
        await Promise.all(steps.flatMap((each) => [perform(each), perform(each)]));
        const ledger = await rows(
          source.manager,
          `select s.product_id, s.on_hand, s.reserved,
             $1 + coalesce((select sum(delta) from stock_adjustments a where a.product_id = s.product_id), 0)::int
               - coalesce((select sum(quantity) from reservation_lines l join reservations r on r.id = l.reservation_id
                   where l.product_id = s.product_id and r.status = 'committed'), 0)::int as "onHandByLedger",
             coalesce((select sum(quantity) from reservation_lines l join reservations r on r.id = l.reservation_id
               where l.product_id = s.product_id and r.status = 'held'), 0)::int as "reservedByLedger"
           from stock_levels s order by s.product_id`,
          [perProduct],
        );
        for (const row of ledger as Record<string, number>[]) {
          expect([row.on_hand, row.reserved]).toEqual([row.onHandByLedger, row.reservedByLedger]);
        }
        const told = await rows<{ n: number }>(
          source.manager,
          `select (select count(*) from outbox where type = 'stock.adjusted')::int
             - (select count(*) from stock_adjustments)::int
             + (select count(*) from outbox where type <> 'stock.adjusted')::int
             - (select count(*) filter (where status = 'held') + 2 * count(*) filter (where status <> 'held')
                from reservations)::int as n`,
        );
        expect(told).toEqual([{ n: 0 }]);
      }),
      { numRuns: 12 },
    );
  });
});
