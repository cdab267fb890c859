import assert from 'node:assert/strict';
import { allOperations } from './contract.ts';
import type { ContractCase, ContractContext, Role } from './context.ts';
import { eventually, Session } from './session.ts';
import { deliveredMaker } from './support-returns.ts';

/** `owner` is the customer whose ticket it is; `customer` another one. */
type Who = 'guest' | 'owner' | Role | 'service';
const everybody: readonly Who[] = ['guest', 'owner', 'customer', 'agent', 'manager', 'admin', 'service'];

interface Call {
  operationId: string;
  path: string;
  body?: unknown;
  /** What each of `everybody` is answered, in that order. */
  statuses: readonly number[];
}

/** Every cell of role, operation and own or another's object. */
export function supportPermissionCases(context: ContractContext): ContractCase[] {
  const delivered = deliveredMaker(context);

  async function serviceSession(): Promise<Session | undefined> {
    if (context.client === undefined) return undefined;
    const { id, secret } = context.client;
    const body = { grant_type: 'client_credentials', client_id: id, client_secret: secret };
    const issued = await context.guest().expect(200, 'POST', '/oauth/token', { body });
    return new Session(context.baseUrl, issued.access_token as string);
  }

  return [
    {
      name: 'support: who may do what with own and others’ tickets and returns',
      run: async () => {
        const { session: owner, ticket, put, bodyOf } = await delivered();
        const returnId = crypto.randomUUID();
        assert.equal((await put(returnId, 1)).status, 201);
        const own = `/tickets/${ticket.id}`;
        const nothing = `/returns/${crypto.randomUUID()}`;
        const opened = { kind: 'complaint', subject: 'x', message: 'x' };
        const calls: Call[] = [
          { operationId: 'listTickets', path: '/tickets', statuses: [401, 200, 200, 200, 200, 200, 403] },
          {
            operationId: 'openTicket',
            path: '/tickets',
            body: opened,
            statuses: [401, 201, 201, 201, 201, 201, 403],
          },
          { operationId: 'getTicket', path: own, statuses: [401, 200, 404, 200, 404, 200, 404] },
          {
            operationId: 'updateTicket',
            path: own,
            body: { priority: 'low' },
            statuses: [401, 403, 403, 200, 403, 200, 403],
          },
          {
            operationId: 'listMessages',
            path: `${own}/messages`,
            statuses: [401, 200, 404, 200, 404, 200, 404],
          },
          {
            operationId: 'writeMessage',
            path: `${own}/messages`,
            body: { body: 'x' },
            statuses: [401, 201, 404, 201, 404, 201, 403],
          },
          {
            operationId: 'getCustomerHistory',
            path: `${own}/customer`,
            statuses: [401, 403, 403, 200, 403, 200, 403],
          },
          {
            operationId: 'listReturns',
            path: `${own}/returns`,
            statuses: [401, 200, 404, 200, 404, 200, 404],
          },
          {
            operationId: 'getReturn',
            path: `/returns/${returnId}`,
            statuses: [401, 200, 404, 200, 404, 200, 404],
          },
          {
            operationId: 'requestReturn',
            path: `/returns/${returnId}`,
            body: bodyOf(1),
            statuses: [401, 200, 404, 200, 404, 200, 403],
          },
          // The role is asked for before the return is looked for: who may is told that there is none.
          {
            operationId: 'approveReturn',
            path: `${nothing}/approve`,
            statuses: [401, 403, 403, 404, 403, 404, 403],
          },
          {
            operationId: 'rejectReturn',
            path: `${nothing}/reject`,
            body: { note: 'x' },
            statuses: [401, 403, 403, 404, 403, 404, 403],
          },
          {
            operationId: 'askBot',
            path: '/support/bot',
            body: { question: 'x' },
            statuses: [200, 200, 200, 200, 200, 200, 200],
          },
        ];
        const described = allOperations().filter(({ operation }) => operation.tags.includes('support'));
        assert.deepEqual(
          calls.map(({ operationId }) => operationId).sort(),
          described.map(({ operation }) => operation.operationId).sort(),
        );
        const sessions = new Map<Who, Session | undefined>([
          ['guest', context.guest()],
          ['owner', owner],
          ['service', await serviceSession()],
        ]);
        for (const role of ['customer', 'agent', 'manager', 'admin'] as const)
          sessions.set(role, await context.as(role));
        // Others may see what the owner wrote a little later.
        for (const role of ['agent', 'admin'] as const)
          await eventually(async () => sessions.get(role)?.expect(200, 'GET', `/returns/${returnId}`));
        for (const { operationId, path, body, statuses } of calls) {
          const method =
            described.find(({ operation }) => operation.operationId === operationId)?.method ?? '';
          for (const [index, who] of everybody.entries()) {
            const session = sessions.get(who);
            if (session === undefined) continue;
            const { status } = await session.call(method, path, body === undefined ? {} : { body });
            assert.deepEqual([who, method, path, status], [who, method, path, statuses[index]]);
          }
        }
      },
    },
  ];
}
