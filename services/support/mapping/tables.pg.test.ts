import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { supportGroup as group } from '../../../test/contract/carry-rows.ts';
import { mappedSides } from '../../../test/contract/mapped-sides.ts';
import { supportTables } from './tables.ts';

const sides = mappedSides(group);

/** What people write: any text that PostgreSQL and a client may send. */
const texts = fc.sample(
  fc.string({ unit: 'grapheme', minLength: 1, maxLength: 60 }).filter((text) => !text.includes('\0')),
  { numRuns: 120, seed: 11 },
);

beforeAll(async () => {
  await sides.legacy.query(
    `insert into tkt (usr_id, ord_id, kind_cd, stat_cd, prio_no, subj, agt_id, ver_no, rsp_dt, res_dt, paus_dt)
     select n, case when n % 3 = 0 then n end, (array['Q', 'C', 'R'])[1 + n % 3], (array['N', 'O', 'W', 'S', 'X'])[1 + n % 5],
       1 + n % 4, subject, case when n % 2 = 0 then n end, 9007199254740993 + n,
       case when n % 2 = 0 then now() end, case when n % 5 = 0 then now() end, case when n % 4 = 0 then now() end
     from unnest($1::text[]) with ordinality as t (subject, n)`,
    [texts],
  );
  await sides.legacy.query(
    `insert into tkt_msg (tkt_id, auth_cd, usr_id, body)
     select tkt_id, (array['C', 'A', 'B'])[1 + tkt_id % 3], case when tkt_id % 3 < 2 then usr_id end, subj from tkt`,
  );
  await sides.legacy.query(`
    insert into tkt_att (msg_id, file_nm, mime_cd, byt_cnt, sha_hsh)
      select msg_id, body, 'image/png', msg_id * 1000000007::bigint, encode(sha256(msg_id::text::bytea), 'hex')
      from tkt_msg where msg_id % 3 = 0;
    insert into ret (ret_id, tkt_id, ord_id, usr_id, stat_cd, rsn, dec_usr_id, dec_note, rfd_cents, fail_cd, ver_no)
      select gen_random_uuid(), tkt_id, tkt_id, usr_id, (array['R', 'J', 'A', 'M', 'D', 'F'])[1 + tkt_id % 6], subj,
        case when tkt_id % 2 = 0 then 3 end, case when tkt_id % 2 = 0 then subj end,
        case when tkt_id % 4 = 0 then tkt_id * 100003::bigint end, case when tkt_id % 6 = 5 then 'refund-exceeds' end, tkt_id
      from tkt where tkt_id % 2 = 0 or kind_cd = 'R';
    insert into ret_ln select ret_id, p, p from ret, generate_series(1, 2) p on conflict do nothing;
  `);
});

describe("support's mapping", () => {
  test('fits both schemas, and models every legacy column', async () => {
    const { forward, reverse } = await sides.flows(sides.legacy);
    expect(forward.length).toBe(supportTables.length);
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
      insert into tickets (id, customer_id, kind, status, priority, subject) values
        (1000001, 1, 'question', 'closed', 'urgent', ''), (1000002, 2147483647, 'return', 'new', 'low', ' ✓ ');
      insert into ticket_clocks (ticket_id, response_due_at, resolution_due_at, paused_at) values
        (1000001, '0001-01-01Z', '9999-12-31T23:59:59.999999Z', null), (1000002, now(), now(), now());
      insert into returns (id, ticket_id, order_id, customer_id, reason, refund_amount) values
        (gen_random_uuid(), 1000002, 1, 1, '', 0), (gen_random_uuid(), 1000002, 1, 1, 'x', 9999999999999.99);
      insert into articles (id, code, language, title, body, keywords) values (1000001, 'only-here', 'es', '', '', '');
    `);
    await sides.backAndCarried();
  });
});
