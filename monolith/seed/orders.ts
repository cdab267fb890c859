import type { Client } from 'pg';
import { products } from './catalogue.ts';
import { copyRows, raiseSequence, type Cell } from './copy.ts';
import { createRandom } from './random.ts';
import { customerCount, customerName } from './users.ts';
import { cities, streets } from './words.ts';

const firstOrderAt = Date.UTC(2024, 6, 1);
const orderEveryMs = 9 * 60_000;
const hourMs = 3_600_000;

/** The life of a seeded order: its state, and how many of the tracking events it has seen. */
const lives = [
  { state: 'D', events: 4, share: 0.8 },
  { state: 'S', events: 3, share: 0.08 },
  { state: 'C', events: 1, share: 0.05 },
  { state: 'X', events: 1, share: 0.04 },
  { state: 'B', events: 4, share: 0.02 },
  { state: 'F', events: 0, share: 0.01 },
] as const;
const trackingEvents = ['confirmed', 'packed', 'shipped', 'delivered'] as const;

export async function seedOrders(
  client: Client,
  counts: { users: number; products: number; orders: number },
): Promise<void> {
  const random = createRandom(23);
  const catalogue = [...products(counts.products)];
  const customers = customerCount(counts.users);
  const orders: Cell[][] = [];
  const lines: Cell[][] = [];
  const payments: Cell[][] = [];
  const tracking: Cell[][] = [];
  for (let id = 1; id <= counts.orders; id++) {
    const userId = random.between(1, customers);
    const at = firstOrderAt + id * orderEveryMs;
    const when = new Date(at).toISOString();
    let total = 0;
    const first = random.between(0, catalogue.length - 1);
    for (let no = 1, wanted = random.between(1, 3); no <= wanted; no++) {
      const product = catalogue[(first + no * 37) % catalogue.length];
      if (product === undefined) continue;
      const quantity = random.between(1, 3);
      total += quantity * product.priceCents;
      lines.push([id, no, product.id, product.name, quantity, product.priceCents]);
    }
    let rest = random.next();
    const life = lives.find(({ share }) => (rest -= share) < 0) ?? lives[0];
    const address = `${random.pick(streets)} Street ${random.between(1, 180)}, ${random.pick(cities)}`;
    orders.push([
      id,
      userId,
      life.state,
      total,
      customerName(userId),
      address,
      `seed-${id}`,
      'seed',
      when,
      when,
    ]);
    if (life.state !== 'F') payments.push([id, 'C', total, `sandbox-charge-${id}`, when]);
    if (life.state === 'X' || life.state === 'B')
      payments.push([id, 'R', total, `sandbox-refund-${id}`, when]);
    trackingEvents.slice(0, life.events).forEach((event, step) => {
      const place = step === 0 ? '' : random.pick(cities);
      tracking.push([id, event, place, new Date(at + step * 14 * hourMs).toISOString()]);
    });
  }
  await copyRows(
    client,
    'ord (ord_id, usr_id, stat_cd, tot_cents, ship_nm, ship_addr, idem_key, req_hsh, crt_dt, upd_dt)',
    orders,
  );
  await copyRows(client, 'ord_ln (ord_id, ln_no, prod_id, prod_nm, qty, price_cents)', lines);
  await copyRows(client, 'pay (ord_id, kind_cd, amt_cents, gw_ref, crt_dt)', payments);
  await copyRows(client, 'trk (ord_id, ev_cd, loc, ev_dt)', tracking);
  await raiseSequence(client, 'ord', 'ord_id');
}
