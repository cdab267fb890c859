import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MatapaloError } from '#kernel/errors.ts';
import type { TableConfig } from '#plan/config.ts';
import { syncName } from '#plan/names.ts';
import { slotState } from '#cdc/capture/direct/objects.ts';
import {
  exampleRows,
  exampleServiceSql,
  jobContext,
  startTwoSides,
  type Pair,
  type TwoSides,
} from '#test/two-sides.ts';
import { backfillGroup } from './backfill-group.ts';
import { loadRangeFilter, settleRanges } from './range-filter.ts';

let sides: TwoSides;
beforeAll(async () => {
  sides = await startTwoSides();
});
afterAll(() => sides.stop());

const expected = `
  select prod_id as id, cd as code, (price_cents / 100.0)::numeric(12, 2) as price,
         case state when 'A' then 'active' else 'archived' end as status,
         split_part(owner_nm, ' ', 1) as first_name, substr(owner_nm, strpos(owner_nm, ' ') + 1) as last_name, note
    from prod order by 1`;

async function sameRows(pair: Pair) {
  const source = await pair.legacyApp.query(expected);
  const target = await pair.serviceApp.query(
    'select id, code, price, status, first_name, last_name, note from products order by id',
  );
  expect(target.rows).toEqual(source.rows);
  const tags = 'select count(*)::int as n from';
  expect((await pair.serviceApp.query(`${tags} product_tags`)).rows).toEqual(
    (await pair.legacyApp.query(`${tags} prod_tag`)).rows,
  );
  return target.rows.length;
}

describe('backfill', () => {
  it('copies through the mapping, in ranges, and leaves a slot that begins after it', async () => {
    const pair = await sides.pair({ guard: true });
    await pair.legacyApp.query(`${exampleRows(5_000)} analyze;`);
    const ctx = await jobContext(pair);
    await backfillGroup(ctx, { rangeRows: 700 });
    expect(await sameRows(pair)).toBe(5_000);
    const ranges = await pair.servicePool.query('select from matapalo.backfill_range');
    expect(ranges.rowCount).toBeGreaterThan(5);
    const slot = await slotState(pair.legacyPool, syncName(pair.group.name, 'forward'));
    expect(slot?.walStatus).toBe('reserved');
    // Nothing was interrupted, so that no event needs to be skipped.
    expect(
      await loadRangeFilter(pair.servicePool, pair.group.name, 'forward', ctx.flows.forward),
    ).toBeUndefined();
    // Again changes nothing.
    await backfillGroup(ctx);
    await sameRows(pair);
    // No origin of the copy's sessions is left, only what others made.
    const origins = await pair.servicePool.query(
      `select from pg_replication_origin where roname like '%copy%'`,
    );
    expect(origins.rowCount).toBe(0);
    await pair.close();
  });

  it('goes on after an interruption, and knows which events the later snapshot has brought', async () => {
    // A second unique key would make the table begin anew.
    const pair = await sides.pair({
      guard: true,
      serviceSql: exampleServiceSql.replace('text not null unique', 'text not null'),
    });
    await pair.legacyApp.query(`${exampleRows(6_000)} analyze;`);
    const ctx = await jobContext(pair);
    const stop = new AbortController();
    let reports = 0;
    const interrupted = {
      ...ctx,
      signal: stop.signal,
      report: async () => {
        if (++reports === 3) stop.abort(new Error('the worker was told to stop'));
      },
    };
    await expect(backfillGroup(interrupted, { rangeRows: 700, lanes: 1 })).rejects.toThrow();
    const before = await pair.servicePool.query<{ n: number }>('select count(*)::int as n from products');
    expect(before.rows[0]?.n).toBeGreaterThan(0);
    expect(before.rows[0]?.n).toBeLessThan(6_000);
    // In between, the monolith goes on: in what is copied already, and in what is not.
    const { rows } = await pair.legacyApp.query<{ xid: string }>(
      `update prod set note = 'between' where prod_id in (1, 6000) returning pg_current_xact_id()::text as xid`,
    );
    const xid = Number(BigInt(rows[0]?.xid ?? 0) & 0xffff_ffffn);
    await backfillGroup(ctx, { rangeRows: 700 });
    const late = await pair.legacyApp.query<{ xid: string }>(
      `update prod set note = 'after' where prod_id = 6000 returning pg_current_xact_id()::text as xid`,
    );
    const filter = await loadRangeFilter(pair.servicePool, pair.group.name, 'forward', ctx.flows.forward);
    const entry = 'public.prod>public.products';
    expect(filter?.skips(entry, xid, ['1'])).toBe(false);
    expect(filter?.skips(entry, xid, ['6000'])).toBe(true);
    expect(filter?.skips(entry, Number(late.rows[0]?.xid), ['6000'])).toBe(false);
    expect(filter?.truncate(entry, xid)).toBe('mixed');
    const notes = await pair.serviceApp.query(`select id, note from products where note = 'between'`);
    expect(notes.rows).toEqual([{ id: '6000', note: 'between' }]);
    await settleRanges(pair.servicePool, pair.group.name, 'forward');
    expect(
      await loadRangeFilter(pair.servicePool, pair.group.name, 'forward', ctx.flows.forward),
    ).toBeUndefined();
    await pair.close();
  });

  it('begins anew when the slot of a half copy is gone', async () => {
    const pair = await sides.pair({ guard: true });
    await pair.legacyApp.query(`${exampleRows(3_000)} analyze;`);
    const ctx = await jobContext(pair);
    const stop = new AbortController();
    const interrupted = { ...ctx, signal: stop.signal, report: async () => stop.abort(new Error('stop')) };
    await expect(backfillGroup(interrupted, { rangeRows: 500, lanes: 1 })).rejects.toThrow();
    await pair.legacyPool.query('select pg_drop_replication_slot($1)', [
      syncName(pair.group.name, 'forward'),
    ]);
    await pair.legacyApp.query(
      'delete from prod_tag where prod_id < 10; delete from prod where prod_id < 10',
    );
    await backfillGroup(ctx);
    await sameRows(pair);
    await pair.close();
  });

  it('refuses a target with rows of others, and a whole copy without its slot', async () => {
    const pair = await sides.pair();
    await pair.legacyApp.query(exampleRows(10));
    await pair.serviceApp.query(
      `insert into products (code, price, status, first_name, last_name, updated_at) values ('X', 1, 'active', 'a', 'b', now())`,
    );
    const { installGuard } = await import('#guard/install.ts');
    await installGuard(pair.legacyPool, pair.group, 'legacy', 'legacy', 1n);
    await installGuard(pair.servicePool, pair.group, 'service', 'legacy', 1n);
    const ctx = await jobContext(pair);
    const refused = await backfillGroup(ctx).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(MatapaloError);
    expect((refused as MatapaloError).hint).toContain(
      'TRUNCATE "public"."products", "public"."product_tags";',
    );
    expect(await slotState(pair.legacyPool, syncName(pair.group.name, 'forward'))).toBeUndefined();
    await pair.serviceAdmin(
      'alter table products disable trigger all; delete from products; alter table products enable trigger all',
    );
    await backfillGroup(ctx);
    await pair.legacyPool.query('select pg_drop_replication_slot($1)', [
      syncName(pair.group.name, 'forward'),
    ]);
    await expect(backfillGroup(ctx)).rejects.toMatchObject({ code: 'group-stopped' });
    await pair.close();
  });

  it('fills columns from a second table, and copies types that only one database has', async () => {
    const tables: TableConfig[] = [
      {
        legacy: 'item',
        service: 'things',
        anchor: true,
        forward: { code: 'cd', kind: 'kind', tags: 'tags' },
        reverse: { cd: 'code', kind: 'kind::text', tags: 'tags::text[]' },
      },
      {
        legacy: 'item_price',
        service: 'things',
        key: { legacy: ['cd'], service: ['code'] },
        forward: { code: 'cd', price: 'cents / 100.0' },
        reverse: { cd: 'code', cents: '(price * 100)::int' },
      },
    ];
    const pair = await sides.pair({
      tables,
      legacySql: `create table item (cd text primary key, kind text, tags text[]); create table item_price (cd text primary key, cents int)`,
      serviceSql: `create type kind as enum ('big', 'small'); create domain label as text;
        create table things (code text primary key, kind kind, tags label[], price numeric(8, 2))`,
      guard: true,
    });
    await pair.legacyApp.query(`
      insert into item select 'c' || g, case g % 2 when 0 then 'big' else 'small' end, array['x', null, 'a "b"'] from generate_series(1, 300) g;
      insert into item_price select 'c' || g, g from generate_series(1, 200) g;
      analyze`);
    await backfillGroup(await jobContext(pair), { rangeRows: 50 });
    const { rows } = await pair.serviceApp.query(
      `select count(*)::int as n, count(price)::int as priced, sum(price)::text as total,
              count(*) filter (where tags::text[] = array['x', null, 'a "b"'])::int as tagged from things`,
    );
    expect(rows).toEqual([{ n: 300, priced: 200, total: '201.00', tagged: 300 }]);
    await pair.close();
  });
});
