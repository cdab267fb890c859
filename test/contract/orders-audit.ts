import { expect } from 'vitest';
import { paymentsKey, type OrdersBesideMonolith } from './orders-beside-monolith.ts';

export interface Placed {
  key: string;
  ends: number;
  quantity: number;
  /** Sent once, so that it may never have arrived. */
  once: boolean;
}

interface Kept {
  key: string;
  keptCents: number;
  state: string;
}

interface Audit {
  shop: OrdersBesideMonolith;
  placed: readonly Placed[];
  product: number;
  onHand: number;
  total: string;
}

/** Waits until each order has ended as its payment did. */
export async function settled({ shop, placed }: Pick<Audit, 'shop' | 'placed'>): Promise<void> {
  const expected = new Map(placed.map(({ key, ends }) => [key, ends === 201 ? 'confirmed' : 'failed']));
  const astray = async () => {
    const { rows } = await shop.cluster.query(
      `select c.idempotency_key as key, o.state from orders o join checkouts c on c.order_id = o.id`,
      shop.database,
    );
    return rows.filter(({ key, state }) => expected.get(key as string) !== state);
  };
  await expect.poll(astray, { timeout: 60_000 }).toEqual([]);
}

/**
 * The laws of checkouts, once they have come to rest: each key is one order that has ended as its payment did; the provider has
 * kept its price, once, of those that are confirmed, and nothing of the others; the books say the same; stock that was
 * there is stock that is there or was sold; and each change was told once, in order.
 */
export async function auditSagas({ shop, placed, product, onHand, total }: Audit): Promise<void> {
  await settled({ shop, placed });
  const { rows } = await shop.cluster.query(
    `
      select o.id, c.idempotency_key as key, o.state, o.total::text,
        (select coalesce(sum(case kind when 'charge' then amount else -amount end), 0) * 100 from payments p
         where p.order_id = o.id)::int as books,
        (select array_agg(version::int order by version) from outbox e
         where e.aggregate_type = 'order' and e.aggregate_id = o.id::text) as told, o.version::int
      from orders o join checkouts c on c.order_id = o.id order by o.id`,
    shop.database,
  );
  const found = new Set(rows.map(({ key }) => key as string));
  expect(found.size).toBe(rows.length);
  expect(placed.filter(({ key, once }) => !once && !found.has(key))).toEqual([]);
  const kept = await keptByProvider(shop);
  let sold = 0;
  for (const { id, key, state, books, told, version, total: price } of rows) {
    const cents = state === 'confirmed' ? Number(total) * 100 : 0;
    expect([id, price, books, kept.get(`order-${id}`) ?? 0]).toEqual([id, total, cents, cents]);
    expect(told).toEqual(Array.from({ length: version as number }, (_, index) => index + 1));
    if (state === 'confirmed') sold += placed.find((one) => one.key === key)?.quantity ?? 0;
  }
  const stock = await fetch(`${shop.monolith.baseUrl}/products/${product}/availability`);
  expect(await stock.json()).toMatchObject({ onHand: onHand - sold, reserved: 0 });
}

async function keptByProvider(shop: OrdersBesideMonolith): Promise<Map<string, number>> {
  const answer = await fetch(`${shop.config.payments.url}/charges`, {
    headers: { authorization: `Bearer ${paymentsKey}` },
  });
  const { items } = (await answer.json()) as { items: Kept[] };
  // What might still be decided could be charged for an order that has long failed.
  expect(items.filter(({ state }) => state === 'pending')).toEqual([]);
  return new Map(items.map(({ key, keptCents }) => [key, keptCents]));
}
