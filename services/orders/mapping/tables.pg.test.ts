import { beforeAll, describe, expect, test } from 'vitest';
import { ordersGroup as group } from '../../../test/contract/carry-rows.ts';
import { mappedSides } from '../../../test/contract/mapped-sides.ts';
import { ordersTables } from './tables.ts';

const sides = mappedSides(group);

beforeAll(async () => {
  await sides.legacy.query(`
    insert into ord (usr_id, stat_cd, tot_cents, ship_nm, ship_addr, idem_key, req_hsh, rsv_id, pay_tok, fail_cd, ans_cd,
        ans_body, crt_dt, ver_no)
      select 7, code, case n when 1 then 0 when 2 then 9223372036854775807 else n * 101 end, 'Naïve “✓” 😀 ' || n,
        E'tab\\t and \\\\ and ''', 'key ' || n, 'hash', case when n % 2 = 0 then gen_random_uuid() end,
        case when n % 3 = 0 then 'tok_visa' end, case when n % 5 = 0 then 'out-of-stock' end, case when n % 2 = 0 then 201 end,
        case when n % 2 = 0 then '{"a": "\\u00e9"}' end, timestamptz '2020-02-29 23:59:59.999999+00' + n * interval '1 s',
        9007199254740993 + n
      from unnest(array['N','V','R','P','C','S','D','Z','F','K','X','Q','B']) with ordinality as codes (code, n);
    insert into ord_hst (ord_id, ver_no, stat_cd, rsn) select ord_id, ver_no, stat_cd, coalesce(fail_cd, '') from ord
      where idem_key like 'key %';
    insert into rfd (ord_id, stat_cd, amt_cents, rsn, idem_key, req_hsh)
      select ord_id, (array['N', 'M', 'D'])[1 + ord_id % 3], ord_id, 'because', 'k', 'h' from ord where stat_cd in ('S', 'D');
    insert into rfd_ln (rfd_id, prod_id, qty, amt_cents, rstk)
      select rfd_id, prod, 2, rfd_id, case prod when 1 then 'Y' else 'N' end from rfd, generate_series(1, 2) prod;
    insert into pay (ord_id, kind_cd, mv_no, amt_cents, gw_ref) select ord_id, 'R', rfd_id, amt_cents, 'r' from rfd;
    insert into cart_itm (usr_id, prod_id, qty) select 1 + n % 3, n, n from generate_series(1, 9) n;
    insert into gst_cart_itm (cart_id, prod_id, qty) select gen_random_uuid(), n, n from generate_series(1, 9) n;
    insert into pay_evt (evt_id, pay_key, evt_cd) select gen_random_uuid(), 'order-' || n, 'charge.approved'
      from generate_series(1, 5) n;
  `);
});

describe("the orders' mapping", () => {
  test('fits both schemas, and models every legacy column', async () => {
    const { forward, reverse } = await sides.flows(sides.legacy);
    expect(forward.length).toBe(ordersTables.length);
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
      insert into orders (id, user_id, state, total) values
        (1000001, 9, 'placed', 0.01), (1000002, 9, 'refunded', 92233720368547758.07);
      insert into deliveries values (1000001, '', ''), (1000002, 'x', 'y');
      insert into checkouts (order_id, user_id, idempotency_key, request_hash) values
        (1000001, 9, 'a', ''), (1000002, 9, 'b', 'h');
      insert into order_lines values (1000001, 1, 5, 'Thing', 1, 0.01), (1000002, 2, 6, 'Dear', 3, 21474836.47);
    `);
    await sides.backAndCarried();
  });

  test('cannot meet money that cents do not hold: the service refuses or rounds it first', async () => {
    await expect(sides.service.query('update orders set total = 92233720368547758.08')).rejects.toThrow(
      'orders_total_check',
    );
    await expect(sides.service.query('update orders set total = -0.01')).rejects.toThrow(
      'orders_total_check',
    );
    await sides.service.query('update orders set total = 10.999 where id = 1000001');
    const { rows } = await sides.service.query('select total from orders where id = 1000001');
    expect(rows).toEqual([{ total: '11.00' }]);
  });
});
