import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { OperatorApi } from '#stack/demo/operator-api.ts';
import { keptCents, type Charge } from '#stack/payments/ledger.ts';
import { startShop, type Shop } from '#stack/shop.ts';
import { Session } from '../contract/session.ts';
import { GroupWay } from './group-way.ts';

interface Begun {
  session: Session;
  request: { body: unknown; headers: Record<string, string> };
  id: number;
}

const paymentsKey = 'sagas-payments-key';
/** What becomes of five payments, once they are decided. */
const decisions = ['approved', 'approved', 'declined', 'approved', 'declined'] as const;

/**
 * Orders whose payment is undecided when the group moves: whoever owns them then takes them to their end, with one charge, and
 * the request that began them is answered there.
 */
describe('checkouts in the middle of a move', () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'matapalo-sagas-'));
  const closed = new AbortController();
  const begun: Begun[] = [];
  let shop: Shop;
  let way: GroupWay;
  let manager: Session;
  let product: number;
  const onHand = 500;

  beforeAll(async () => {
    const env = { PAYMENTS_KEY: paymentsKey, ORDER_STALLED_MS: '1000' };
    shop = await startShop({ dataDir, port: 0, scale: 0.002, services: ['orders'], env });
    way = new GroupWay(new OperatorApi(shop.operatorUrl, shop.token, closed.signal), 'orders');
    manager = await signIn('manager');
    const { items } = await manager.expect(200, 'GET', '/categories');
    const body = { sku: 'SAGA-1', name: 'Thing', categoryId: items[0].id, price: { amount: '2.50' }, onHand };
    product = (await manager.expect(201, 'POST', '/products', { body })).id as number;
  }, 180_000);
  afterAll(async () => {
    closed.abort();
    await shop?.stop();
    rmSync(dataDir, { recursive: true, force: true });
  });

  async function signIn(name: string): Promise<Session> {
    const session = new Session(shop.url);
    const body = { email: `${name}@shop.example`, password: 'shop-password-1' };
    session.token = (await session.expect(200, 'POST', '/auth/login', { body })).accessToken as string;
    return session;
  }

  /** Each of another customer; whether their cards are good is not said before `decide`. */
  async function begin(): Promise<Begun[]> {
    const made = await Promise.all(
      decisions.map(async (_, index) => {
        const session = await signIn(`customer${1 + begun.length + index}`);
        await session.expect(200, 'PUT', '/cart', { body: { items: [{ productId: product, quantity: 1 }] } });
        const request = {
          body: { payment: { cardToken: 'tok_stuck' }, shipping: { name: 'Ada', address: 'Mill Street 1' } },
          headers: { 'idempotency-key': crypto.randomUUID() },
        };
        const { id } = await session.expect(202, 'POST', '/orders', request);
        return { session, request, id: id as number };
      }),
    );
    begun.push(...made);
    return made;
  }

  async function decide(orders: readonly Begun[]): Promise<void> {
    for (const [index, { id }] of orders.entries()) {
      const answer = await fetch(`${shop.origins.get('payments')}/charges/order-${id}/decision`, {
        method: 'PUT',
        headers: { authorization: `Bearer ${paymentsKey}`, 'content-type': 'application/json' },
        body: JSON.stringify({ state: decisions[index] }),
      });
      expect(await answer.json()).toMatchObject({ state: decisions[index] });
    }
  }
  const ends = decisions.map((decision) => (decision === 'approved' ? 201 : 402));

  /** Asked again with the same key, until the payment is decided. */
  async function answered({ session, request }: Begun): Promise<number> {
    for (;;) {
      const { status } = await session.call('POST', '/orders', request);
      if (status !== 202) return status;
    }
  }

  it('begun with the monolith, they end with the service after the switch', async () => {
    await way.sync();
    await way.shadow();
    for (let turn = 0; turn < 120; turn += 1) await (await fetch(`${shop.url}/cart`)).arrayBuffer();
    const early = await begin();
    await way.switch();
    await decide(early);
    expect(await Promise.all(early.map(answered))).toEqual(ends);
  }, 120_000);

  it('begun with the service, they end with the monolith after a rollback, though no client asks', async () => {
    const late = await begin();
    await way.rollback();
    await decide(late);
    const states = async () => {
      const ids = late.map(({ id }) => id).join(', ');
      const { rows } = await shop.clusters.legacy.query(
        `select stat_cd from ord where ord_id in (${ids}) order by ord_id`,
        'shop',
      );
      return rows.map(({ stat_cd }) => stat_cd as string).sort();
    };
    await expect.poll(states, { timeout: 60_000 }).toEqual(['C', 'C', 'C', 'F', 'F']);
    expect(await Promise.all(late.map(answered))).toEqual(ends);
  }, 120_000);

  it('and each was charged once, of what was there and for what it cost', async () => {
    const charges = new Map<string, Charge>();
    for (const line of readFileSync(join(dataDir, 'payments.jsonl'), 'utf8').split('\n').filter(Boolean)) {
      const charge = JSON.parse(line) as Charge;
      charges.set(charge.key, charge);
    }
    expect([...charges.keys()].sort()).toEqual(begun.map(({ id }) => `order-${id}`).sort());
    let sold = 0;
    for (const { session, id } of begun) {
      const order = await session.expect(200, 'GET', `/orders/${id}`);
      const charge = charges.get(`order-${id}`);
      const confirmed = order.status === 'confirmed';
      expect([id, charge === undefined ? undefined : keptCents(charge)]).toEqual([id, confirmed ? 250 : 0]);
      if (confirmed) sold += 1;
      const { steps } = await session.expect(200, 'GET', `/orders/${id}/history`);
      const names = steps.map(({ step }: { step: string }) => step);
      expect(new Set(names).size).toBe(names.length);
    }
    const stock = await manager.expect(200, 'GET', `/products/${product}/availability`);
    expect([stock.onHand, stock.reserved]).toEqual([onHand - sold, 0]);
  }, 120_000);
});
