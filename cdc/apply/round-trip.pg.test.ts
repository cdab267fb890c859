import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import {
  clearStop,
  closeSynced,
  moveGroup,
  progressOf,
  settle,
  startTestWorker,
  syncGroup,
  untilStopped,
} from '#test/cdc-fixture.ts';
import { exampleRows, exampleServiceSql, startTwoSides, type Pair, type TwoSides } from '#test/two-sides.ts';
import type { Worker } from '#cdc/worker/worker.ts';

let sides: TwoSides;
let pair: Pair;
let worker: Worker;

beforeAll(async () => {
  sides = await startTwoSides();
});
/** The service owns the group; its prices have as many places as one likes, the monolith's are cents. */
async function migrated(): Promise<void> {
  pair = await sides.pair({
    guard: true,
    serviceSql: exampleServiceSql.replace('price numeric(12, 2)', 'price numeric'),
  });
  await pair.legacyApp.query(exampleRows(10));
  worker = await startTestWorker(pair);
  await syncGroup(pair);
  await moveGroup(pair, 'service');
}
afterEach(async () => {
  await worker.stop();
  await closeSynced(pair);
});
afterAll(() => sides.stop());

const prices = async () =>
  (
    await pair.legacyPool.query<{ price: string }>(
      'select price_cents::text as price from prod where prod_id <= 3 order by prod_id',
    )
  ).rows.map((row) => row.price);

it('lets values pass that come back the same, however they are written', async () => {
  await migrated();
  await pair.serviceApp.query(`
    update products set price = 10.99 where id = 1;
    update products set price = 10.9900 where id = 2;
    update products set price = 11, status = 'archived', last_name = 'van der Berg' where id = 3`);
  await settle(pair, 'reverse');
  expect(await prices()).toEqual(['1099', '1099', '1100']);
});

it.each([
  ['a price of 10.999 where the monolith keeps cents', 'price = 10.999', ['price']],
  ['a status that the monolith has no code for', `status = 'paused'`, ['status']],
  [
    'two names that are cut elsewhere when they come back',
    `first_name = 'Anna Maria'`,
    ['first_name', 'last_name'],
  ],
])('stops the group, nothing of the batch written, at %s', async (_what, set, columns) => {
  await migrated();
  const before = await prices();
  await pair.serviceApp.query(`begin; update products set price = 5 where id = 1;
    update products set ${set} where id = 3; commit`);
  const reason = await untilStopped(pair);
  expect(reason.code).toBe('lossy-row');
  expect(reason.message).toContain('public.products (id 3)');
  for (const column of columns) expect(reason.message).toContain(column);
  expect((await progressOf(pair, 'reverse')).error).toMatchObject({
    code: 'lossy-row',
    columns,
    event: { table: 'public.products', op: 'update', key: ['3'] },
  });
  expect(await prices()).toEqual(before);
});

it('goes on once the mapping can hold the row, with nothing left out', async () => {
  await migrated();
  await pair.serviceApp.query(`update products set first_name = 'Anna Maria' where id = 3`);
  await untilStopped(pair);
  await worker.stop();
  const [entry] = pair.group.tables;
  if (entry === undefined) throw new Error('no entry');
  // A separator that names do not contain.
  Object.assign(entry.forward, {
    first_name: `split_part(owner_nm, '|', 1)`,
    last_name: `split_part(owner_nm, '|', 2)`,
  });
  Object.assign(entry.reverse, { owner_nm: `first_name || '|' || last_name` });
  worker = await startTestWorker(pair);
  await clearStop(pair);
  await settle(pair, 'reverse');
  const { rows } = await pair.legacyPool.query('select owner_nm from prod where prod_id = 3');
  expect(rows).toEqual([{ owner_nm: 'Anna Maria|van Last 3' }]);
});

it('finds an inserted row and a changed key, too', async () => {
  await migrated();
  await pair.serviceApp.query(
    `insert into products values (77, 'new', 1.005, 'active', 'A', 'B', null, now())`,
  );
  expect(await untilStopped(pair)).toMatchObject({ code: 'lossy-row' });
  await worker.stop();
  await closeSynced(pair);
  await migrated();
  await pair.serviceApp.query(`delete from product_tags where product_id = 4`);
  await pair.serviceApp.query(`update products set id = 78, price = 1.005 where id = 4`);
  const reason = await untilStopped(pair);
  expect(reason).toMatchObject({ code: 'lossy-row' });
  expect(reason.message).toContain('(id 78)');
});
