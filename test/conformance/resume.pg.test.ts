import { afterAll, beforeAll, expect, it } from 'vitest';
import { ensureOrigin, ensurePublication } from '#cdc/capture/direct/objects.ts';
import type { Worker } from '#cdc/worker/worker.ts';
import { verifyJob } from '#cdc/verify/verify.ts';
import { settle, startTestWorker, syncGroup } from '#test/cdc-fixture.ts';
import { exampleRows, jobContext, type TwoSides } from '#test/two-sides.ts';
import { backfillGroup } from '#cdc/backfill/backfill-group.ts';
import { onEachTransport } from '#test/transports.ts';

onEachTransport(({ start }) => {
  let sides: TwoSides;
  beforeAll(async () => {
    sides = await start();
  });
  afterAll(() => sides.stop());

  it('a copy that was interrupted again and again under writes ends equal, and streams on', async () => {
    const pair = await sides.pair({ guard: true });
    await pair.legacyApp.query(`${exampleRows(6_000)} analyze;`);
    let stop = false;
    let turn = 0;
    const client = (async () => {
      for (; !stop; turn++) {
        const a = 1 + ((turn * 37) % 5_900);
        // Unique values go round among rows, rows go and come again, keys move from one range to another.
        await pair.legacyApp.query(
          `begin; update prod set cd = 'tmp' || prod_id where prod_id in (${a}, ${a + 50});
         update prod set cd = 'S' || (case prod_id when ${a} then ${a + 50} else ${a} end) || '-${turn}' where prod_id in (${a}, ${a + 50}); commit`,
        );
        await pair.legacyApp.query(
          `begin; delete from prod_tag where prod_id = ${a + 1}; delete from prod where prod_id = ${a + 1};
         insert into prod (prod_id, cd, price_cents, owner_nm) values (${a + 1}, 'again${turn}', ${turn}, 'Comes Again'); commit`,
        );
        if (turn % 5 === 0) {
          await pair.legacyApp.query(
            `begin; delete from prod_tag where prod_id = ${a + 2}; update prod set prod_id = ${20_000 + turn} where prod_id = ${a + 2}; commit`,
          );
        }
      }
    })();
    const ctx = await jobContext(pair);
    let worker: Worker | undefined;
    try {
      await ensurePublication(pair.legacyPool, pair.group, 'forward');
      await ensureOrigin(pair.servicePool, `matapalo_${pair.group.name}_forward`);
      // In the first table, in it again, in the second, and in that again.
      for (const ranges of [1, 4, 12, 1]) {
        let reports = 0;
        const abort = new AbortController();
        const writes = turn;
        const interrupted = {
          ...ctx,
          signal: abort.signal,
          report: async () => {
            if (++reports < ranges) return;
            while (turn < writes + 5) await new Promise((resolve) => setTimeout(resolve, 5));
            abort.abort(new Error('killed'));
          },
        };
        await expect(backfillGroup(interrupted, { rangeRows: 600, lanes: 1 })).rejects.toThrow();
      }
      const { rows } = await pair.servicePool.query<{ snapshots: number; copied: number }>(
        `select count(distinct snapshot)::int as snapshots, sum(rows)::int as copied from matapalo.backfill_range`,
      );
      expect(rows[0]?.snapshots).toBeGreaterThan(1);
      expect(rows[0]?.copied).toBeLessThan(9_000);
      worker = await startTestWorker(pair);
      await syncGroup(pair);
      const done = turn;
      while (turn < done + 20) await new Promise((resolve) => setTimeout(resolve, 10));
      stop = true;
      await client;
      await settle(pair, 'forward');
      expect(await verifyJob(await jobContext(pair, { rest: 0 }))).toMatchObject({
        verifications: [{ state: 'clean', missing: 0, extra: 0, different: 0 }],
      });
    } finally {
      stop = true;
      await client.catch(() => undefined);
      await worker?.stop();
    }
  });
});
