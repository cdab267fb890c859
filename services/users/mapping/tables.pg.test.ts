import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import fc from 'fast-check';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { resolveGroup, type Flows } from '#plan/mapping/load-flows.ts';
import { startCluster, type Cluster } from '#stack/clusters.ts';
import {
  carry,
  columnsOf,
  mappedSelect,
  rowsOf,
  targetOf,
  usersGroup as group,
} from '../../../test/contract/carry-rows.ts';
import { usersTables } from './tables.ts';

const root = join(import.meta.dirname, '../../..');
let clusters: Cluster[] = [];
let legacy: pg.Client;
/** The monolith's schema without a row: where the service's rows are carried back to. */
let emptyLegacy: pg.Client;
let service: pg.Client;

async function database(cluster: Cluster, name: string, ...script: string[]): Promise<pg.Client> {
  const url = await cluster.createDatabase(name);
  const run = spawnSync(process.execPath, script, {
    cwd: root,
    env: { ...process.env, DATABASE_URL: url },
    encoding: 'utf8',
  });
  if (run.status !== 0) throw new Error(`${script.join(' ')} failed:\n${run.stdout}${run.stderr}`);
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  return client;
}

/** What people call themselves, and what nobody should: any text that PostgreSQL and a client may send. */
const names = fc.sample(
  fc.oneof(
    fc.stringMatching(/^[ ab\t]{1,6}$/),
    fc.string({ unit: 'grapheme', minLength: 1, maxLength: 60 }).filter((text) => !text.includes('\0')),
    fc.constantFrom(
      'Ana',
      ' Ana',
      'Ana ',
      'Ana  Luz',
      'Ana María de la Cruz',
      ' ',
      '  ',
      '😀 ✓',
      "O'Neil \\ x",
    ),
  ),
  { numRuns: 300, seed: 7 },
);

beforeAll(async () => {
  clusters = await Promise.all([startCluster(), startCluster()]);
  const [ofMonolith, ofService] = clusters as [Cluster, Cluster];
  legacy = await database(ofMonolith, 'shop', 'monolith/migrate.ts', '--seed', '--scale', '0.02');
  emptyLegacy = await database(ofMonolith, 'shop_empty', 'monolith/migrate.ts');
  service = await database(ofService, 'users', 'services/users/migrate.ts');
  await emptyLegacy.query('delete from rol_perm; delete from rol');
  await legacy.query(
    `insert into usr (usr_nm, eml, pwd_hsh, stat_cd, eml_vrf_dt, ver_no)
     select name, 'Odd' || n || '@Shop.example', case when n % 2 = 0 then '!' else '$argon2id$v=19$m=1,t=1,p=1$eA$eA' end,
       (array['A', 'B', 'E'])[1 + n % 3], case when n % 2 = 0 then now() end, 9007199254740993 + n
     from unnest($1::text[]) with ordinality as u (name, n)`,
    [names],
  );
  await legacy.query(`
    insert into rfr_tok (tok_hsh, usr_id, fam_id, exp_dt, used_dt, rvk_dt)
      select encode(sha256(n::text::bytea), 'hex'), 1 + n % 5, gen_random_uuid(), now() + n * interval '1 hour',
        case when n % 2 = 0 then now() end, case when n % 3 = 0 then now() end
      from generate_series(1, 50) n;
    insert into usr_lnk (lnk_hsh, usr_id, kind_cd, eml, exp_dt)
      select encode(sha256(n::text::bytea), 'hex'), n, (array['V', 'P'])[1 + n % 2], 'x@shop.example', now()
      from generate_series(1, 9) n;
    insert into try_cnt (kind_cd, key_hsh, cnt, win_dt)
      select (array['A', 'I', 'M'])[1 + n % 3], encode(sha256(n::text::bytea), 'hex'), n, now()
      from generate_series(1, 9) n;
  `);
});

afterAll(async () => {
  for (const client of [legacy, emptyLegacy, service]) await client?.end();
  for (const cluster of clusters) await cluster.stop();
});

async function flows(from: pg.Client): Promise<Flows> {
  const { flows: found, problems } = await resolveGroup(group, from, service);
  expect(problems).toEqual([]);
  return found;
}

describe("the users' mapping", () => {
  test('fits both schemas, and models every legacy column', async () => {
    const { forward, reverse } = await flows(legacy);
    expect(forward.length).toBe(usersTables.length);
    for (const flow of reverse) {
      const mapped = reverse
        .filter((other) => other.target.ref.name === flow.target.ref.name)
        .flatMap((other) => other.columns.map((column) => column.name));
      expect(flow.target.columns.map(({ name }) => name).filter((name) => !mapped.includes(name))).toEqual(
        [],
      );
    }
  });

  test('brings every legacy row over and back unchanged', async () => {
    const { forward, reverse } = await flows(legacy);
    await carry(legacy, service, forward);
    for (const flow of reverse) {
      const back = await rowsOf(service, flow, mappedSelect(flow));
      const there = await rowsOf(legacy, flow, `select ${columnsOf(flow)} from ${targetOf(flow)}`);
      expect(back).toBe(there);
      expect(JSON.parse(there)).not.toEqual([]);
    }
  });

  test('brings every row that the service may accept back, and over again, unchanged', async () => {
    await service.query(`
      insert into accounts (id, given_name, family_name, email, status) values
        (1000001, '', '', 'empty@shop.example', 'active'), (1000002, 'Only', null, 'only@shop.example', 'erased'),
        (1000003, '', ' two  spaces ', 'spaces@shop.example', 'blocked');
      insert into credentials values (1000001, ''), (1000002, '!'), (1000003, '$argon2id$');
    `);
    const { forward, reverse } = await flows(emptyLegacy);
    await carry(service, emptyLegacy, reverse);
    for (const flow of forward) {
      const again = await rowsOf(emptyLegacy, flow, mappedSelect(flow));
      const there = await rowsOf(service, flow, `select ${columnsOf(flow)} from ${targetOf(flow)}`);
      expect(again).toBe(there);
    }
  });

  test('cannot meet a given name that would be split elsewhere on the way back: the service refuses it', async () => {
    await expect(service.query(`update accounts set given_name = 'Ana María' where id = 1`)).rejects.toThrow(
      'accounts_given_name_check',
    );
  });
});
