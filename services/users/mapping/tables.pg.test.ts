import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { usersGroup as group } from '../../../test/contract/carry-rows.ts';
import { mappedSides } from '../../../test/contract/mapped-sides.ts';
import { usersTables } from './tables.ts';

const sides = mappedSides(group);

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
  await sides.emptyLegacy.query('delete from rol_perm; delete from rol');
  await sides.legacy.query(
    `insert into usr (usr_nm, eml, pwd_hsh, stat_cd, eml_vrf_dt, ver_no)
     select name, 'Odd' || n || '@Shop.example', case when n % 2 = 0 then '!' else '$argon2id$v=19$m=1,t=1,p=1$eA$eA' end,
       (array['A', 'B', 'E'])[1 + n % 3], case when n % 2 = 0 then now() end, 9007199254740993 + n
     from unnest($1::text[]) with ordinality as u (name, n)`,
    [names],
  );
  await sides.legacy.query(`
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

describe("the users' mapping", () => {
  test('fits both schemas, and models every legacy column', async () => {
    const { forward, reverse } = await sides.flows(sides.legacy);
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
    await sides.carriedAndBack();
  });

  test('brings every row that the service may accept back, and over again, unchanged', async () => {
    await sides.service.query(`
      insert into accounts (id, given_name, family_name, email, status) values
        (1000001, '', '', 'empty@shop.example', 'active'), (1000002, 'Only', null, 'only@shop.example', 'erased'),
        (1000003, '', ' two  spaces ', 'spaces@shop.example', 'blocked');
      insert into credentials values (1000001, ''), (1000002, '!'), (1000003, '$argon2id$');
    `);
    await sides.backAndCarried();
  });

  test('cannot meet a given name that would be split elsewhere on the way back: the service refuses it', async () => {
    await expect(
      sides.service.query(`update accounts set given_name = 'Ana María' where id = 1`),
    ).rejects.toThrow('accounts_given_name_check');
  });
});
