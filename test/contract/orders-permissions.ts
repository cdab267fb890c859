import assert from 'node:assert/strict';
import { allOperations } from './contract.ts';
import type { ContractCase, ContractContext, Role } from './context.ts';
import { orderMaker } from './orders.ts';
import { eventually, Session } from './session.ts';

/**
 * `owner` is the customer whose order it is, `customer` another one; `service` was granted nothing of the orders, `granted` to
 * read them and to refund lines.
 */
type Who = 'guest' | 'owner' | Role | 'service' | 'granted';
const everybody: readonly Who[] = [
  ...(['guest', 'owner', 'customer', 'agent', 'manager', 'admin', 'service', 'granted'] as const),
];

interface Call {
  operationId: string;
  path: string;
  body?: unknown;
  headers?: Record<string, string>;
  /** What each of `everybody` is answered, in that order. */
  statuses: readonly number[];
}

const nothing = '/orders/2147483647';
const grantedClient = 'support-service';

/** Every cell of role, operation and own or another's object. */
export function orderPermissionCases(context: ContractContext): ContractCase[] {
  const order = orderMaker(context);

  async function serviceSession(id: string): Promise<Session | undefined> {
    if (context.client === undefined) return undefined;
    const body = { grant_type: 'client_credentials', client_id: id, client_secret: context.client.secret };
    const issued = await context.guest().expect(200, 'POST', '/oauth/token', { body });
    return new Session(context.baseUrl, issued.access_token as string);
  }

  function callsOn(own: string): Call[] {
    const key = { 'idempotency-key': crypto.randomUUID() };
    const seen = [401, 200, 404, 200, 200, 200, 404, 200];
    const carts = (status: number) => [...Array.from({ length: 6 }, () => status), 403, 403];
    return [
      { operationId: 'getCart', path: '/cart', statuses: carts(200) },
      { operationId: 'putCart', path: '/cart', body: { items: [] }, statuses: carts(200) },
      {
        operationId: 'putCartItem',
        path: '/cart/items/2147483647',
        body: { quantity: 1 },
        statuses: carts(422),
      },
      { operationId: 'deleteCartItem', path: '/cart/items/2147483647', statuses: carts(200) },
      { operationId: 'listOrders', path: '/orders', statuses: [401, 200, 200, 200, 200, 200, 403, 200] },
      {
        // Their carts are empty by now: who may order is told so.
        operationId: 'checkout',
        path: '/orders',
        body: { payment: { cardToken: 'tok_visa' }, shipping: { name: 'x', address: 'x' } },
        headers: key,
        statuses: [401, 422, 422, 422, 422, 422, 403, 403],
      },
      { operationId: 'getOrder', path: own, statuses: seen },
      { operationId: 'getOrderHistory', path: `${own}/history`, statuses: seen },
      { operationId: 'getTracking', path: `${own}/tracking`, statuses: seen },
      { operationId: 'listRefunds', path: `${own}/refunds`, statuses: seen },
      {
        operationId: 'addTracking',
        path: `${own}/tracking`,
        body: { event: 'packed', place: '' },
        statuses: [401, 403, 403, 200, 200, 200, 403, 403],
      },
      {
        // It is shipped: who may cancel is told that it is too late.
        operationId: 'cancelOrder',
        path: `${own}/cancel`,
        statuses: [401, 409, 404, 403, 409, 409, 404, 403],
      },
      // The role is asked for before the order is looked for: who may is told that there is none.
      {
        operationId: 'refundOrder',
        path: `${nothing}/refund`,
        statuses: [401, 403, 403, 403, 404, 404, 403, 403],
      },
      {
        operationId: 'refundLines',
        path: `${nothing}/refunds`,
        body: { reason: 'x', lines: [{ productId: 1, quantity: 1 }] },
        headers: key,
        statuses: [401, 403, 403, 403, 404, 404, 403, 404],
      },
      {
        // The provider alone, who signs; no token helps.
        operationId: 'paymentWebhook',
        path: '/payments/webhooks',
        body: {
          id: crypto.randomUUID(),
          type: 'charge.approved',
          key: 'x',
          reference: 'x',
          at: new Date(0).toISOString(),
        },
        headers: { 'payment-signature': 't=1,v1=x' },
        statuses: everybody.map(() => 401),
      },
    ];
  }

  return [
    {
      name: 'orders: who may do what with own and others’ carts and orders',
      run: async () => {
        const { session: owner, order: made } = await order();
        const own = `/orders/${made.id}`;
        const sessions = new Map<Who, Session | undefined>([
          ['guest', context.guest()],
          ['owner', owner],
          ['service', await serviceSession(context.client?.id ?? '')],
          ['granted', await serviceSession(grantedClient)],
        ]);
        for (const role of ['customer', 'agent', 'manager', 'admin'] as const)
          sessions.set(role, await context.as(role));
        // Others may see what the owner wrote a little later.
        for (const event of ['packed', 'shipped'])
          await eventually(async () =>
            sessions.get('agent')?.expect(200, 'POST', `${own}/tracking`, { body: { event, place: '' } }),
          );
        for (const who of ['owner', 'manager', 'admin', 'granted'] as const)
          await eventually(async () =>
            assert.equal((await sessions.get(who)?.call('GET', own))?.body.status ?? 'shipped', 'shipped'),
          );
        const calls = callsOn(own);
        const described = allOperations().filter(({ operation }) => operation.tags.includes('orders'));
        assert.deepEqual(
          calls.map(({ operationId }) => operationId).sort(),
          described.map(({ operation }) => operation.operationId).sort(),
        );
        for (const { operationId, path, body, headers = {}, statuses } of calls) {
          const method =
            described.find(({ operation }) => operation.operationId === operationId)?.method ?? '';
          for (const [index, who] of everybody.entries()) {
            const session = sessions.get(who);
            if (session === undefined) continue;
            const options = { headers, ...(body === undefined ? {} : { body }) };
            const { status } = await session.call(method, path, options);
            assert.deepEqual([who, method, path, status], [who, method, path, statuses[index]]);
          }
        }
      },
    },
  ];
}
