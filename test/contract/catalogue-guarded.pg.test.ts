import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { moveOwnership } from '#guard/ownership.ts';
import { installGuard } from '#guard/install.ts';
import { expireReservations } from '../../services/catalogue/expiry.ts';
import { poolOf } from '#kernel/db/service-database.ts';
import { createDataSource } from '../../services/catalogue/store/data-source.ts';
import { ownershipFromView, ownsAlone } from '#kernel/db/ownership.ts';
import { createWrite } from '#kernel/db/unit-of-work.ts';
import { catalogueGroup as group } from './carry-rows.ts';
import { startCatalogueAlone, type CatalogueAlone } from './catalogue-alone.ts';
import { eventually, Session } from './session.ts';

let shop: CatalogueAlone;
let pool: pg.Pool;
let manager: Session;

const query = async (sql: string) => (await shop.cluster.query(sql, shop.database)).rows;
const overdue = '11111111-1111-4111-8111-111111111111';
const statusOf = async (id: string) =>
  (await query(`select status from reservations where id = '${id}'`))[0]?.status as string;

beforeAll(async () => {
  shop = await startCatalogueAlone({ standalone: false });
  pool = new pg.Pool({ connectionString: shop.cluster.url(shop.database), max: 2 });
  manager = new Session(shop.baseUrl, await shop.token('manager'));
  await query(`
    insert into categories (name, slug) values ('Lamps', 'lamps');
    insert into products (sku, name, category_id) values ('A-1', 'Lamp', 1);
    insert into prices (product_id, amount) values (1, 10);
    insert into stock_levels (product_id, on_hand, reserved) values (1, 5, 2);
    insert into reservations (id, status, expires_at, user_id) values ('${overdue}', 'held', now() - interval '1 hour', '1');
    insert into reservation_lines (reservation_id, product_id, quantity) values ('${overdue}', 1, 2);
  `);
});

afterAll(async () => {
  await pool?.end();
  await shop?.stop();
});

/** The same requests before, during and after: each write that the service may receive. */
const writes: [string, string, unknown][] = [
  ['POST', '/products', { sku: 'A-2', name: 'Chair', categoryId: 1, price: { amount: '5.00' } }],
  ['PATCH', '/products/1', { name: 'Lamp, renamed' }],
  ['PUT', '/products/1/price', { amount: '11.00' }],
  ['POST', '/products/1/stock-adjustments', { delta: 1, reason: 'x', adjustmentId: crypto.randomUUID() }],
  ['PUT', `/reservations/${crypto.randomUUID()}`, { lines: [{ productId: 1, quantity: 1 }] }],
  ['POST', `/reservations/${overdue}/release`, undefined],
  ['DELETE', '/products/1', undefined],
];

async function expectAllRefused(): Promise<void> {
  const before = await query('select * from products order by id');
  for (const [method, path, body] of writes) {
    const answer = await manager.send(method, path, { body });
    expect([method, path, answer.status, answer.body?.code]).toEqual([method, path, 503, 'not-owner']);
    expect(answer.headers.get('matapalo-refused')).toBe('MP001');
    expect(answer.headers.get('retry-after')).toBe('1');
    expect(answer.headers.get('content-type')).toMatch('application/problem+json');
  }
  expect(await query('select * from products order by id')).toEqual(before);
  expect(await query('select * from outbox')).toEqual([]);
}

describe('a catalogue service that does not stand alone', () => {
  test('owns nothing while nobody has given it the group, and reads all the same', async () => {
    await expectAllRefused();
    expect((await manager.expect(200, 'GET', '/products/1')).name).toBe('Lamp');
  });

  test('refuses writes, and leaves overdue reservations alone, while the monolith owns the group', async () => {
    await installGuard(pool, group, 'service', 'legacy', 1n);
    await expectAllRefused();
    const source = createDataSource({ url: shop.cluster.url(shop.database), poolSize: 2 });
    await source.initialize();
    const owns = ownershipFromView('catalogue');
    expect(await expireReservations(source, owns, createWrite(poolOf(source), owns))).toBe(0);
    // A run whose ownership went away in its middle meets the guard.
    const late = createWrite(poolOf(source), ownsAlone);
    await expect(expireReservations(source, ownsAlone, late)).rejects.toMatchObject({ code: 'not-owner' });
    expect(await statusOf(overdue)).toBe('held');
    await source.destroy();
  });

  test('writes, and expires what is overdue, once it owns the group', async () => {
    await moveOwnership(pool, 'catalogue', {
      from: { owner: 'legacy', epoch: 1n },
      to: { owner: 'service', epoch: 2n },
      timeoutMs: 10_000,
    });
    await eventually(async () => expect(await statusOf(overdue)).toBe('expired'));
    expect(await query('select on_hand, reserved from stock_levels where product_id = 1')).toEqual([
      { on_hand: 5, reserved: 0 },
    ]);
    await manager.expect(200, 'PATCH', '/products/1', { body: { name: 'Lamp, ours' } });
    const events = await query('select type from outbox order by created_at, id');
    expect(events).toEqual([{ type: 'reservation.expired' }, { type: 'product.changed' }]);
  });

  test('loses no acknowledged write when the group is taken away under load', async () => {
    const acknowledged = new Set<string>();
    let refused = 0;
    let running = true;
    const writer = async () => {
      while (running) {
        const id = crypto.randomUUID();
        const body = { delta: 1, reason: 'load', adjustmentId: id };
        const answer = await manager.send('POST', '/products/1/stock-adjustments', { body });
        if (answer.status === 201) acknowledged.add(id);
        else {
          expect([answer.status, answer.body.code]).toEqual([503, 'not-owner']);
          refused += 1;
        }
      }
    };
    const writers = Promise.all(Array.from({ length: 8 }, writer));
    await eventually(async () => expect(acknowledged.size).toBeGreaterThan(50));
    await moveOwnership(pool, 'catalogue', {
      from: { owner: 'service', epoch: 2n },
      to: { owner: 'legacy', epoch: 3n },
      timeoutMs: 10_000,
    });
    const closed = await query(`select id from stock_adjustments where reason = 'load'`);
    await eventually(async () => expect(refused).toBeGreaterThan(20));
    running = false;
    await writers;
    const kept = await query(`select id from stock_adjustments where reason = 'load'`);
    expect(kept.length).toBe(closed.length);
    expect(new Set(kept.map((row) => row.id as string))).toEqual(acknowledged);
    const [stock] = await query('select on_hand from stock_levels where product_id = 1');
    expect(stock?.on_hand).toBe(5 + acknowledged.size);
    const [events] = await query(`select count(*)::int as n from outbox where type = 'stock.adjusted'`);
    expect(events?.n).toBe(acknowledged.size);
  });
});
