import { expect } from 'vitest';

export interface Placed {
  key: string;
  ends: number;
  quantity: number;
  /** Sent once, so that it may never have arrived. */
  once: boolean;
}

export interface BookedOrder {
  id: number;
  key: string;
  /** `confirmed`, `failed`, or one in between. */
  state: string;
  total: string;
  /** What was charged, less what was given back. */
  books: number;
  version: number;
  /** The versions that were told of, in order. */
  told: number[];
}

export interface Audited {
  placed: readonly Placed[];
  /** All orders of the goods in question. */
  orders: () => Promise<BookedOrder[]>;
}

/** Waits until each order has ended as its payment did. */
export async function settled({ placed, orders }: Audited): Promise<void> {
  const expected = new Map(placed.map(({ key, ends }) => [key, ends === 201 ? 'confirmed' : 'failed']));
  const astray = async () => (await orders()).filter(({ key, state }) => expected.get(key) !== state);
  await expect.poll(astray, { timeout: 60_000 }).toEqual([]);
}

/**
 * The laws of checkouts, once they have come to rest: each key is one order that has ended as its payment did; the provider has
 * kept its price, once, of those that are confirmed, and nothing of the others; the books say the same; stock that was
 * there is stock that is there or was sold; and each change was told once, in order.
 */
export async function auditSagas(
  audited: Audited & {
    provider: { url: string; apiKey: string };
    stockUrl: string;
    onHand: number;
    total: string;
  },
): Promise<void> {
  await settled(audited);
  const { placed, provider, stockUrl, onHand, total } = audited;
  const orders = await audited.orders();
  const found = new Set(orders.map(({ key }) => key));
  expect(found.size).toBe(orders.length);
  expect(placed.filter(({ key, once }) => !once && !found.has(key))).toEqual([]);
  const kept = await keptByProvider(provider);
  let sold = 0;
  for (const { id, key, state, books, told, version, total: price } of orders) {
    const cents = state === 'confirmed' ? Number(total) * 100 : 0;
    expect([id, price, books, kept.get(`order-${id}`) ?? 0]).toEqual([id, total, cents, cents]);
    expect(told).toEqual(Array.from({ length: version }, (_, index) => index + 1));
    if (state === 'confirmed') sold += placed.find((one) => one.key === key)?.quantity ?? 0;
  }
  expect(await (await fetch(stockUrl)).json()).toMatchObject({ onHand: onHand - sold, reserved: 0 });
}

async function keptByProvider({
  url,
  apiKey,
}: {
  url: string;
  apiKey: string;
}): Promise<Map<string, number>> {
  const answer = await fetch(`${url}/charges`, { headers: { authorization: `Bearer ${apiKey}` } });
  const { items } = (await answer.json()) as { items: { key: string; keptCents: number; state: string }[] };
  // What might still be decided could be charged for an order that has long failed.
  expect(items.filter(({ state }) => state === 'pending')).toEqual([]);
  return new Map(items.map(({ key, keptCents }) => [key, keptCents]));
}
