import { beforeAll, describe, expect, test } from 'vitest';
import { catalogueGroup as group } from '../../../test/contract/carry-rows.ts';
import { mappedSides } from '../../../test/contract/mapped-sides.ts';
import { catalogueTables } from './tables.ts';

const sides = mappedSides(group);

beforeAll(async () => {
  for (const client of [sides.legacy, sides.emptyLegacy]) {
    // A product that the service adds gets its price from an entry of its own, after its row is there.
    await client.query('alter table prod alter price_cents set default 0');
  }
  await sides.legacy.query(`
    insert into prod (prod_cd, prod_nm, cat_id, price_cents, stat_cd, erp_ref, crt_dt) values
      ('ODD-1', 'Naïve “✓” 😀', 1, 0, 'A', 'ERP-1', '2020-02-29 23:59:59.999999+00'),
      ('ODD-2', E'tab\\t and \\\\ and ''', 1, 2147483647, 'X', null, '1999-12-31 00:00:00.000001+05');
    insert into prod_stk (prod_id, qty_hand, qty_rsv)
      select prod_id, 2147483647, 7 from prod where prod_cd = 'ODD-1';
    insert into stk_adj (adj_id, prod_id, delta, rsn) select gen_random_uuid(), prod_id, -5, 'count' from prod limit 9;
    insert into stk_rsv (rsv_id, stat_cd, exp_dt, usr_id)
      select gen_random_uuid(), code, now(), '1' from unnest(array['H', 'C', 'R', 'E']) code;
    insert into stk_rsv_ln (rsv_id, prod_id, qty)
      select rsv_id, prod_id, 2 from stk_rsv, (select prod_id from prod order by prod_id limit 3) p;
  `);
});

describe("the catalogue's mapping", () => {
  test('fits both schemas, and models every legacy column but erp_ref', async () => {
    const { forward, reverse } = await sides.flows(sides.legacy);
    expect(forward.length).toBe(catalogueTables.length);
    const unmodelled = new Set<string>();
    for (const flow of reverse) {
      const mapped = new Set(
        reverse
          .filter((other) => other.target.ref.name === flow.target.ref.name)
          .flatMap((other) => other.columns.map((column) => column.name)),
      );
      for (const column of flow.target.columns) {
        if (!column.generated && !mapped.has(column.name))
          unmodelled.add(`${flow.target.ref.table}.${column.name}`);
      }
    }
    expect([...unmodelled]).toEqual(['prod.erp_ref']);
  });

  test('brings every legacy row over and back unchanged', async () => {
    await sides.carriedAndBack();
  });

  test('brings every row that the service may accept back, and over again, unchanged', async () => {
    await sides.service.query(`
      insert into categories (id, name, slug, parent_id) values (1000001, 'New', 'new', 1);
      insert into products (id, sku, name, category_id, status) values
        (1000001, 'NEW-1', 'Cheapest', 1, 'active'), (1000002, 'NEW-2', 'Dearest', 1, 'archived');
      insert into prices (product_id, amount) values (1000001, 0.01), (1000002, 21474836.47);
      insert into stock_levels (product_id, on_hand) values (1000001, 2147483647), (1000002, 0);
    `);
    await sides.backAndCarried();
  });

  test('cannot meet a price that cents do not hold: the service refuses or rounds it first', async () => {
    await expect(sides.service.query('update prices set amount = 21474836.48')).rejects.toThrow(
      'prices_amount_check',
    );
    await expect(sides.service.query('update prices set amount = -0.01')).rejects.toThrow(
      'prices_amount_check',
    );
    await sides.service.query('update prices set amount = 10.999 where product_id = 1000001');
    const { rows } = await sides.service.query('select amount from prices where product_id = 1000001');
    expect(rows).toEqual([{ amount: '11.00' }]);
  });
});
