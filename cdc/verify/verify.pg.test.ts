import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Worker } from '#cdc/worker/worker.ts';
import { moveGroup, settle, startTestWorker, syncGroup } from '#test/cdc-fixture.ts';
import { exampleRows, jobContext, startTwoSides, type Pair, type TwoSides } from '#test/two-sides.ts';
import type { VerificationResult } from './verify-direction.ts';
import { verifyJob } from './verify.ts';

let sides: TwoSides;
let pair: Pair;
let worker: Worker | undefined;
beforeAll(async () => {
  sides = await startTwoSides();
});
afterEach(async () => {
  await worker?.stop();
  worker = undefined;
  await pair.close();
});
afterAll(() => sides.stop());

async function synced(rows: number): Promise<void> {
  pair = await sides.pair({ guard: true });
  await pair.legacyApp.query(`${exampleRows(rows)} analyze;`);
  worker = await startTestWorker(pair);
  await syncGroup(pair);
  await settle(pair, 'forward');
}

async function verify(args: Record<string, unknown> = {}): Promise<VerificationResult[]> {
  const result = (await verifyJob(await jobContext(pair, { rest: 0, ...args }))) as {
    verifications: VerificationResult[];
  };
  return result.verifications;
}

/** By hand, as a person with too many rights would: past the guard, outside the stream. */
const tamper = (sql: string) =>
  pair.serviceAdmin(
    `set session_replication_role = replica; alter table products disable trigger matapalo_guard; ${sql}; alter table products enable always trigger matapalo_guard`,
  );

describe('verify', () => {
  it('finds equal tables clean, in both directions, and says until when that counts', async () => {
    await synced(3_000);
    const results = await verify({ direction: 'both' });
    expect(results.map((r) => [r.direction, r.state, r.rows])).toEqual([
      ['forward', 'clean', 4_500],
      ['reverse', 'clean', 4_500],
    ]);
    const { rows } = await pair.controlPool.query(
      `select state, expires_at > now() + interval '50 minutes' as counts from verification order by direction`,
    );
    expect(rows).toEqual([
      { state: 'clean', counts: true },
      { state: 'clean', counts: true },
    ]);
  });

  it('finds 1,000 planted defects, each by its kind, while clients write', async () => {
    await synced(20_000);
    let stop = false;
    let writes = 0;
    const clients = [1, 2].map(async (client) => {
      while (!stop) {
        // Some rows are written again and again, others here and there; none of the planted ones.
        await pair.legacyApp.query(
          'update prod set price_cents = price_cents + 1, note = $2 where prod_id = $1',
          [10_001 + ((writes * 7) % 9_000), `by ${client}`],
        );
        await pair.legacyApp.query('update prod set price_cents = price_cents + 1 where prod_id = 10001');
        writes += 2;
        await delay(1);
      }
    });
    try {
      const before = await verify();
      expect(before.map((r) => [r.state, r.missing, r.extra, r.different])).toEqual([['clean', 0, 0, 0]]);
      await tamper(`
        delete from products where id between 1 and 300;
        update products set price = price + 0.01 where id between 1001 and 1400;
        insert into products (id, code, price, status, first_name, last_name, updated_at)
          select g, 'extra' || g, 1, 'active', 'x', 'y', now() from generate_series(900001, 900300) g`);
      const [result] = await verify();
      expect(result).toMatchObject({ state: 'different', missing: 300, different: 400, extra: 300 });
      expect(result?.samples).toHaveLength(50);
      // The tags of deleted rows point nowhere now.
      expect(result?.orphans).toMatchObject([{ table: 'product_tags', rows: 150 }]);
    } finally {
      stop = true;
      await Promise.all(clients);
    }
    expect(writes).toBeGreaterThan(50);
  });

  it('follows the stream that is live: after the switch, the reverse one', async () => {
    await synced(500);
    await moveGroup(pair, 'service');
    await pair.serviceApp.query(`update products set price = price + 1 where id < 100`);
    await pair.serviceApp.query(
      `delete from product_tags where product_id < 20; delete from products where id < 20`,
    );
    const [result] = await verify();
    expect(result).toMatchObject({ direction: 'reverse', state: 'clean' });
  });

  it('goes on where an interrupted run had come to', async () => {
    await synced(500);
    const ctx = await jobContext(pair, { rest: 0 });
    const stop = new AbortController();
    const interrupted = { ...ctx, signal: stop.signal, report: async () => stop.abort(new Error('stop')) };
    await expect(verifyJob(interrupted)).rejects.toThrow();
    const open = await pair.controlPool.query(`select state, rows::int as rows from verification`);
    expect(open.rows).toEqual([{ state: 'running', rows: 500 }]);
    expect(await verifyJob(ctx)).toMatchObject({ verifications: [{ state: 'clean', rows: 750 }] });
    expect((await pair.controlPool.query('select from verification')).rowCount).toBe(1);
  });
});
