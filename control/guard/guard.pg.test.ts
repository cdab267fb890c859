import { setTimeout as delay } from 'node:timers/promises';
import type pg from 'pg';
import { afterEach, describe, expect, it } from 'vitest';
import { transaction } from '#kernel/db/pool.ts';
import { guardedPair, legacyAt, serviceAt } from './guard-fixture.ts';
import { readRefusals } from './refusals.ts';
import { moveOwnership, readOwnership } from './ownership.ts';

const guarded = guardedPair();
const open: pg.PoolClient[] = [];
// Registered last, so that it runs first: a connection that is still open would outlive its pair.
afterEach(() => {
  for (const client of open.splice(0)) client.release(true);
});

async function client(pool: pg.Pool): Promise<pg.PoolClient> {
  const connection = await pool.connect();
  open.push(connection);
  return connection;
}

async function prices(): Promise<string> {
  const { rows } = await guarded.pair.legacyPool.query<{ sum: string }>(
    'select sum(price_cents)::text || count(*) as sum from prod',
  );
  return rows[0]?.sum ?? '';
}

const columns = '(cd, price_cents, owner_nm)';

/** Every way that PostgreSQL offers to change rows of a table. */
const writes: [string, string][] = [
  ['INSERT', `insert into prod ${columns} values ('n', 1, 'a b')`],
  ['UPDATE', `update prod set price_cents = 5`],
  ['UPDATE of no row', `update prod set price_cents = 5 where false`],
  ['DELETE', `delete from prod_tag`],
  ['TRUNCATE', `truncate prod, prod_tag`],
  ['TRUNCATE CASCADE', `truncate prod cascade`],
  [
    'ON CONFLICT',
    `insert into prod ${columns} values ('P1', 1, 'a b') on conflict (cd) do update set price_cents = 9`,
  ],
  ['ON CONFLICT DO NOTHING', `insert into prod ${columns} values ('P1', 1, 'a b') on conflict do nothing`],
  [
    'MERGE',
    `merge into prod p using (values ('P1')) v(cd) on p.cd = v.cd when matched then update set price_cents = 9`,
  ],
  ['a CTE', `with changed as (update prod set price_cents = 9 returning 1) select count(*) from changed`],
  ['COPY', `copy prod ${columns} from program 'printf "n\\t1\\ta b"'`],
  ['a DO block', `do $$ begin update prod set price_cents = 9; end $$`],
];

describe('after the close', () => {
  it.each(writes)('%s is refused with MP001', async (_name, sql) => {
    await guarded.close();
    const before = await prices();
    // COPY FROM PROGRAM is the superuser's; the guard asks nobody's rank.
    const write = sql.startsWith('copy') ? guarded.pair.legacyAdmin(sql) : guarded.pair.legacyApp.query(sql);
    await expect(write).rejects.toMatchObject({ code: 'MP001' });
    expect(await prices()).toBe(before);
  });

  it.each(writes)('%s passed before it', async (_name, sql) => {
    await expect(
      sql.startsWith('copy') ? guarded.pair.legacyAdmin(sql) : guarded.pair.legacyApp.query(sql),
    ).resolves.toBeDefined();
  });

  it('a superuser is refused like anybody, and tables outside the group stay writable', async () => {
    await guarded.close();
    await expect(guarded.pair.legacyAdmin('update prod set note = null')).rejects.toMatchObject({
      code: 'MP001',
    });
    await expect(guarded.pair.legacyApp.query('insert into outside values (1)')).resolves.toBeDefined();
  });

  it('a cascade into a guarded table is refused', async () => {
    await guarded.pair.legacyApp.query('create table parent (id int primary key)');
    await guarded.pair.legacyApp.query('insert into parent values (1)');
    await guarded.pair.legacyApp.query(
      'alter table prod_tag add parent int references parent on delete cascade',
    );
    await guarded.pair.legacyApp.query('update prod_tag set parent = 1');
    await guarded.close();
    await expect(guarded.pair.legacyApp.query('delete from parent')).rejects.toMatchObject({ code: 'MP001' });
  });

  it('reads go on', async () => {
    await guarded.close();
    expect((await guarded.pair.legacyApp.query('select from prod')).rowCount).toBe(10);
  });

  it('names the owner in what it says', async () => {
    await guarded.close();
    await expect(guarded.pair.legacyApp.query('delete from prod')).rejects.toMatchObject({
      message: expect.stringContaining('belongs to service'),
      hint: expect.stringContaining('matapalo.owner'),
    });
  });

  it('anybody may ask who owns a group', async () => {
    await guarded.pair.legacyAdmin('create role stranger login').catch(() => undefined);
    await guarded.pair.legacyAdmin('grant connect on database ' + guarded.pair.group.name + ' to stranger');
    const { rows } = await guarded.pair
      .legacyAdmin('set role stranger; select owner, epoch from matapalo.owner')
      .then((results) => (results as unknown as pg.QueryResult[])[1] ?? results);
    expect(rows).toEqual([{ owner: 'legacy', epoch: '1' }]);
  });

  it('each refused write is counted, although nothing of it is committed', async () => {
    const count = async () => (await readRefusals(guarded.pair.legacyPool)).get(guarded.pair.group.name);
    await expect(guarded.pair.legacyApp.query('update prod set price_cents = 5')).resolves.toBeDefined();
    expect(await count()).toBe(0);
    await guarded.close();
    for (let i = 0; i < 3; i++)
      await expect(guarded.pair.legacyApp.query('delete from prod')).rejects.toMatchObject({ code: 'MP001' });
    expect(await count()).toBe(3);
    await guarded.pair.legacyPool.query(`drop sequence matapalo.refused_${guarded.pair.group.name}`);
    await expect(guarded.pair.legacyApp.query('delete from prod')).rejects.toMatchObject({ code: 'MP001' });
  });

  it('a missing ownership row refuses', async () => {
    await guarded.pair.legacyPool.query('delete from matapalo.ownership');
    await expect(guarded.pair.legacyApp.query('delete from prod')).rejects.toMatchObject({ code: 'MP001' });
  });
});

describe('a role with no right on the tool’s tables', () => {
  it('writes as long as its side owns the group', async () => {
    await guarded.pair
      .legacyAdmin(`do $$ begin create role clerk login; exception when duplicate_object then null; end $$;
      grant select, insert, update on prod to clerk`);
    await expect(
      guarded.pair.legacyAdmin(`set role clerk; update prod set note = 'by a clerk'`),
    ).resolves.toBeDefined();
    await guarded.close();
    await expect(
      guarded.pair.legacyAdmin(`set role clerk; update prod set note = 'late'`),
    ).rejects.toMatchObject({
      code: 'MP001',
    });
  });
});

describe('a transaction that is older than the close', () => {
  it.each(['repeatable read', 'serializable'])(
    'at %s fails with 40001 instead of writing past it',
    async (level) => {
      const old = await client(guarded.pair.legacyApp);
      await old.query(`begin isolation level ${level}`);
      await old.query('select count(*) from outside');
      await guarded.close();
      await expect(old.query(`update prod set note = 'late'`)).rejects.toMatchObject({ code: '40001' });
    },
  );

  it('at READ COMMITTED is refused with MP001', async () => {
    const old = await client(guarded.pair.legacyApp);
    await old.query('begin');
    await old.query('select count(*) from prod');
    await guarded.close();
    await expect(old.query(`update prod set note = 'late'`)).rejects.toMatchObject({ code: 'MP001' });
  });

  it('that has written makes the close wait; a writer that waited for the close is then refused', async () => {
    const first = await client(guarded.pair.legacyApp);
    await first.query('begin');
    await first.query(`update prod set note = 'in flight' where prod_id = 1`);
    let closed = false;
    const closing = guarded.close().then(() => (closed = true));
    await delay(150);
    expect(closed).toBe(false);
    await first.query('commit');
    await closing;
    await expect(guarded.pair.legacyApp.query(`update prod set note = 'x'`)).rejects.toMatchObject({
      code: 'MP001',
    });
    const { rows } = await guarded.pair.legacyPool.query(`select note from prod where prod_id = 1`);
    expect(rows[0]?.note).toBe('in flight');
  });

  it('prepared for two-phase commit makes the close wait, and then give up with nothing changed', async () => {
    const writer = await client(guarded.pair.legacyApp);
    await writer.query('begin');
    await writer.query(`update prod set note = 'prepared' where prod_id = 1`);
    await writer.query(`prepare transaction 'two-phase-${guarded.pair.group.name}'`);
    await expect(guarded.close(400)).rejects.toMatchObject({ code: 'unavailable' });
    expect(await readOwnership(guarded.pair.legacyPool, guarded.pair.group.name)).toMatchObject(legacyAt(1n));
    await writer.query(`commit prepared 'two-phase-${guarded.pair.group.name}'`);
    await guarded.close();
  });

  it('whose lock queue would deadlock with the close is not cancelled: the close gives way', async () => {
    const [a, b] = [await client(guarded.pair.legacyApp), await client(guarded.pair.legacyApp)];
    await a.query('begin');
    await a.query(`update prod set note = 'a' where prod_id = 1`);
    const closing = guarded.close(8_000);
    await delay(60);
    // b holds row 2's lock only once it is past the guard; a then wants it, while b may queue behind the close.
    await b.query('begin');
    const second = b.query(`update prod set note = 'b' where prod_id = 2`);
    const third = second.then(() => b.query(`update prod set note = 'b' where prod_id = 1`));
    await delay(60);
    await expect(a.query(`update prod set note = 'a' where prod_id = 3`)).resolves.toBeDefined();
    await a.query('commit');
    const results = await Promise.allSettled([third]);
    await b.query(results[0]?.status === 'fulfilled' ? 'commit' : 'rollback');
    await closing;
    if (results[0]?.status === 'rejected')
      expect((results[0].reason as { code?: string }).code, 'no client meets 40P01').toBe('MP001');
  });
});

describe('replicated writes', () => {
  const replicate = (pool: pg.Pool, sql: string) =>
    transaction(pool, async (db) => {
      await db.query('set local session_replication_role = replica');
      await db.query(sql);
    });

  it('pass into the side that does not own the group', async () => {
    await replicate(
      guarded.pair.servicePool,
      `insert into products (id, code, price, status, first_name, last_name, updated_at)
       values (1, 'c', 1, 'active', 'a', 'b', now())`,
    );
    expect((await guarded.pair.serviceApp.query('select from products')).rowCount).toBe(1);
  });

  it('of an applier that stalled through a change of owner are refused with MP002', async () => {
    const stalled = await client(guarded.pair.servicePool);
    await stalled.query('set session_replication_role = replica');
    await moveOwnership(guarded.pair.servicePool, guarded.pair.group.name, {
      from: legacyAt(1n),
      to: serviceAt(2n),
      timeoutMs: 1_000,
    });
    await expect(stalled.query('delete from products')).rejects.toMatchObject({ code: 'MP002' });
  });

  it('of any role but the tool’s are refused with MP002', async () => {
    await expect(
      guarded.pair.serviceAdmin(`set session_replication_role = replica; delete from products`),
    ).rejects.toMatchObject({ code: 'MP002' });
  });

  it('are refused on the owner’s side even before anything moved', async () => {
    await expect(replicate(guarded.pair.legacyPool, 'delete from prod_tag')).rejects.toMatchObject({
      code: 'MP002',
    });
  });

  it('the tool itself may not write as an ordinary session where its side is not the owner', async () => {
    await expect(guarded.pair.servicePool.query('delete from products')).rejects.toMatchObject({
      code: 'MP001',
    });
  });
});

describe('a partitioned table', () => {
  it('guards writes that name a partition, and partitions made later', async () => {
    const parts = await guarded.sides.pair({
      control: false,
      legacySql: `create table event (id int, at date, primary key (id, at)) partition by range (at);
        create table event_2026 partition of event for values from ('2026-01-01') to ('2027-01-01');`,
      serviceSql: `create table event (id int, at date, primary key (id, at));`,
      tables: [
        {
          legacy: 'event',
          service: 'event',
          forward: { id: 'id', at: 'at' },
          reverse: { id: 'id', at: 'at' },
        },
      ],
      guard: true,
    });
    await parts.legacyApp.query(`insert into event_2026 values (1, '2026-05-05')`);
    await moveOwnership(parts.legacyPool, parts.group.name, {
      from: legacyAt(1n),
      to: serviceAt(2n),
      timeoutMs: 1_000,
    });
    const refused = { code: 'MP001' };
    await expect(parts.legacyApp.query(`insert into event values (2, '2026-05-05')`)).rejects.toMatchObject(
      refused,
    );
    await expect(
      parts.legacyApp.query(`insert into event_2026 values (2, '2026-05-05')`),
    ).rejects.toMatchObject(refused);
    await parts.legacyApp.query(
      `create table event_2027 partition of event for values from ('2027-01-01') to ('2028-01-01')`,
    );
    await expect(
      parts.legacyApp.query(`insert into event_2027 values (2, '2027-05-05')`),
    ).rejects.toMatchObject(refused);
    await expect(parts.legacyApp.query(`delete from event_2026`)).rejects.toMatchObject(refused);
    await parts.close();
  });
});
