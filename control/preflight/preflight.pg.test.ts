import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { syncName } from '#plan/names.ts';
import { startCluster } from '#stack/clusters.ts';
import { createPool } from '#kernel/db/pool.ts';
import type { TableConfig } from '#plan/config.ts';
import {
  exampleRows,
  exampleTables,
  legacyOwner,
  startTwoSides,
  toolRole,
  type Pair,
  type PairOptions,
  type TwoSides,
} from '#test/two-sides.ts';
import { checkServer } from './check-server.ts';
import type { Finding } from './finding.ts';
import { blocksTransition, preflight } from './preflight.ts';

let sides: TwoSides;
beforeAll(async () => {
  sides = await startTwoSides();
});
afterAll(() => sides.stop());

const check = (pair: Pair) =>
  preflight(pair.plan, pair.group, { legacy: pair.legacyPool, service: pair.servicePool });
const refusals = (findings: Finding[]) => findings.filter((finding) => finding.level === 'refuse');

interface Fixture {
  options?: PairOptions;
  /** Run as superuser before the check. */
  legacy?: string;
  service?: string;
  says: RegExp;
  level?: Finding['level'];
}

/** Each is bad in one way, and its own mend, run as it is printed, is enough. */
const mendable: Record<string, Fixture> = {
  'an unlogged table': { legacy: 'alter table prod_tag set unlogged', says: /unlogged/ },
  'replica identity NOTHING': { legacy: 'alter table prod replica identity nothing', says: /is NOTHING/ },
  'no primary key': {
    legacy: 'alter table prod_tag drop constraint prod_tag_pkey',
    options: {
      tables: [
        ...exampleTables.slice(0, 1),
        {
          ...(exampleTables[1] as TableConfig),
          key: { legacy: ['prod_id', 'tag'], service: ['product_id', 'tag'] },
        },
      ],
    },
    says: /no primary key/,
  },
  'two rows of one key where nothing forbids it': {
    legacy: `alter table prod_tag drop constraint prod_tag_pkey; alter table prod_tag replica identity full;
             insert into prod_tag values (1, 'twice'), (1, 'twice')`,
    options: {
      tables: [
        ...exampleTables.slice(0, 1),
        {
          ...(exampleTables[1] as TableConfig),
          key: { legacy: ['prod_id', 'tag'], service: ['product_id', 'tag'] },
        },
      ],
    },
    says: /would become one/,
  },
  'row security that hides rows': {
    legacy: 'alter table prod enable row level security; alter table prod force row level security',
    says: /Row security/,
  },
  'large objects': {
    legacy: 'alter table prod add column picture oid; update prod set picture = lo_from_bytea(0, cd::bytea)',
    says: /large objects/,
  },
  'rows in the target': {
    service: `insert into products (code, price, status, first_name, last_name, updated_at) values ('x', 1, 'active', 'a', 'b', now())`,
    says: /already has rows/,
  },
  'a foreign key to a table that stays': {
    legacy: 'create table orders (id int primary key, prod_id bigint references prod)',
    says: /leads from orders to prod/,
    level: 'warn',
  },
  'a trigger that would be silent': {
    service: `create function note() returns trigger language plpgsql as 'begin return new; end';
              create trigger note before insert on products for each row execute function note()`,
    says: /silent/,
    level: 'warn',
  },
  'a role that may not replicate': {
    legacy: `alter role ${toolRole} noreplication`,
    says: /may not replicate/,
  },
  'a role that may not use the replica role': {
    service: `revoke set on parameter session_replication_role from ${toolRole}`,
    says: /session_replication_role/,
  },
  'a role without origins': {
    service: `revoke execute on function pg_replication_origin_create(text) from ${toolRole}`,
    says: /origins/,
  },
  'a role that may not create': {
    legacy: 'alter database DATABASE owner to postgres; revoke create on database DATABASE from TOOL',
    says: /may not create/,
  },
  'a role that is no member of the owner': {
    legacy: `revoke ${legacyOwner} from ${toolRole}`,
    says: /no member of/,
  },
  'a role that cannot see sessions': {
    legacy: `revoke pg_monitor from ${toolRole}`,
    says: /census/,
    level: 'warn',
  },
};

describe('what a statement mends', () => {
  for (const [name, fixture] of Object.entries(mendable)) {
    it(`${name}: is found, and its mend makes it go away`, async () => {
      const pair = await sides.pair({ control: false, ...fixture.options });
      await pair.legacyApp.query(exampleRows(20));
      const fill = (sql: string) => sql.replaceAll('DATABASE', pair.group.name).replaceAll('TOOL', toolRole);
      if (fixture.legacy) await pair.legacyAdmin(fill(fixture.legacy));
      if (fixture.service) await pair.serviceAdmin(fill(fixture.service));
      const found = (await check(pair)).filter((finding) => fixture.says.test(finding.message));
      expect(found).not.toHaveLength(0);
      for (const finding of found) {
        expect(finding.level).toBe(fixture.level ?? 'refuse');
        const statement = /(ALTER|GRANT|DELETE|TRUNCATE) [^]*$/.exec(finding.mend)?.[0] ?? '';
        await (finding.side === 'legacy' ? pair.legacyAdmin : pair.serviceAdmin)(statement);
      }
      const after = await check(pair);
      expect(after.filter((finding) => fixture.says.test(finding.message))).toEqual([]);
      expect(refusals(after)).toEqual([]);
      // Roles belong to the whole cluster.
      await pair.legacyAdmin(`alter role ${toolRole} nobypassrls`);
      await pair.close();
    });
  }

  it('a crossing foreign key blocks switch and retire, not sync', async () => {
    const pair = await sides.pair({ control: false });
    await pair.legacyApp.query('create table orders (id int primary key, prod_id bigint references prod)');
    const [finding] = (await check(pair)).filter((item) => item.where === 'orders');
    expect(finding && ['sync', 'switch', 'retire'].map((kind) => blocksTransition(finding, kind))).toEqual([
      false,
      true,
      true,
    ]);
    await pair.close();
  });

  it('a server without logical decoding, slots, senders or origins', async () => {
    const cluster = await startCluster({
      settings: {
        wal_level: 'replica',
        max_replication_slots: '0',
        max_wal_senders: '1',
        max_active_replication_origins: '2',
      },
    });
    try {
      const { group } = await sides.pair({ control: false });
      // Its own do not count: a group that is synced already passes.
      await cluster.query(
        `select pg_replication_origin_create(name) from unnest(array['others', '${syncName(group.name, 'reverse')}']) name`,
      );
      const look = async () => {
        const pool = createPool({ url: cluster.url(), name: 'test' });
        const findings = await checkServer({ group, legacy: pool, service: pool }, 'legacy');
        await pool.end();
        return findings;
      };
      const found = await look();
      expect(found.map((finding) => finding.message)).toEqual([
        expect.stringMatching(/wal_level is replica/),
        expect.stringMatching(/All 0 replication slots/),
        expect.stringMatching(/WAL senders/),
        expect.stringMatching(/1 of 2 replication origins belong to others/),
      ]);
      for (const finding of found) await cluster.query(finding.mend);
      await cluster.restart();
      expect(await look()).toEqual([]);
    } finally {
      await cluster.stop();
    }
  });
});

describe('a good pair', () => {
  it('has no finding with exactly the printed grants, and is left as it was', async () => {
    const pair = await sides.pair({ control: false });
    await pair.legacyApp.query(exampleRows(500));
    const objects = `select (select count(*)::int from pg_class where relpersistence <> 't') as tables, (select count(*)::int from pg_namespace where nspname not like 'pg_%temp%') as schemas`;
    const before = await pair.legacyAdmin(objects);
    expect(await check(pair)).toEqual([]);
    expect((await pair.legacyAdmin(objects)).rows).toEqual(before.rows);
    await pair.close();
  });
});
