import assert from 'node:assert/strict';
import { orderMaker } from './orders.ts';
import { eventually, type Session } from './session.ts';
import type { ContractCase, ContractContext } from './context.ts';
import { accountMaker } from './users.ts';

export function supportCases(context: ContractContext): ContractCase[] {
  const open = accountMaker(context);
  const order = orderMaker(context);
  const named = (name: string, run: () => Promise<void>): ContractCase => ({ name: `support: ${name}`, run });
  const complain = (session: Session, more: Record<string, unknown> = {}) =>
    session.expect(201, 'POST', '/tickets', {
      body: {
        kind: 'complaint',
        subject: `Scratched ${context.run}`,
        message: 'It came scratched.',
        ...more,
      },
    });
  return [
    named('a ticket goes to and fro between its customer and an agent, until it is closed', async () => {
      const { session, user } = await open();
      const answer = await session.call('POST', '/tickets', {
        body: { kind: 'complaint', subject: `Late ${context.run}`, message: 'Where is it? “Two weeks” now.' },
      });
      const ticket = answer.body;
      assert.equal(answer.headers.get('location'), `/tickets/${ticket.id}`);
      assert.deepEqual(
        [ticket.customerId, ticket.status, ticket.priority, ticket.assigneeId],
        [user.id, 'new', 'high', null],
      );
      assert.equal(ticket.messages.length, 1);
      const agent = await context.as('agent');
      const path = `/tickets/${ticket.id}`;
      const reply = await eventually(() =>
        agent.expect(201, 'POST', `${path}/messages`, { body: { body: 'It is on its way.' } }),
      );
      assert.equal(reply.author, 'agent');
      assert.deepEqual(reply.attachments, []);
      const waiting = await eventually(async () => {
        const seen = await session.expect(200, 'GET', path);
        assert.equal(seen.status, 'waiting');
        return seen;
      });
      assert.equal(waiting.assigneeId, reply.userId);
      await session.expect(201, 'POST', `${path}/messages`, { body: { body: 'Thank you.' } });
      const { items } = await session.expect(200, 'GET', `${path}/messages`);
      assert.deepEqual(
        items.map(({ author }: { author: string }) => author),
        ['customer', 'agent', 'customer'],
      );
      const solved = await agent.expect(200, 'PATCH', path, { body: { status: 'solved', priority: 'low' } });
      assert.deepEqual([solved.status, solved.priority], ['solved', 'low']);
      await agent.expect(200, 'PATCH', path, { body: { status: 'closed' } });
      await agent.refused(409, 'illegal-move', 'PATCH', path, { body: { status: 'open' } });
      const late = { body: { body: 'One more thing' } };
      await eventually(() => session.refused(409, 'illegal-move', 'POST', `${path}/messages`, late));
    }),
    named('a ticket is its customer’s and the agents’', async () => {
      const { session } = await open();
      const ticket = await complain(session);
      const stranger = (await open()).session;
      const path = `/tickets/${ticket.id}`;
      await stranger.refused(404, 'not-found', 'GET', path);
      await stranger.refused(404, 'not-found', 'POST', `${path}/messages`, { body: { body: 'x' } });
      await session.refused(403, 'forbidden', 'PATCH', path, { body: { status: 'closed' } });
      await session.refused(403, 'forbidden', 'GET', `${path}/customer`);
      await session.refused(403, 'forbidden', 'GET', '/tickets?assigneeId=1');
      await session.refused(403, 'forbidden', 'GET', '/tickets?breached=any');
      await stranger.refused(404, 'not-found', 'GET', `${path}/returns`);
      await context.guest().refused(401, 'unauthorized', 'GET', path);
      assert.deepEqual((await stranger.expect(200, 'GET', '/tickets')).items, []);
    }),
    named('an agent sees the customer’s orders beside the ticket', async () => {
      const { session, user, order: made } = await order();
      const ticket = await complain(session, { orderId: made.id });
      assert.equal(ticket.orderId, made.id);
      const agent = await context.as('agent');
      await eventually(async () => {
        const history = await agent.expect(200, 'GET', `/tickets/${ticket.id}/customer`);
        assert.equal(history.customer.id, user.id);
        assert.deepEqual(
          history.orders.map(({ id }: { id: number }) => id),
          [made.id],
        );
      });
      const stranger = (await open()).session;
      await stranger.refused(404, 'not-found', 'POST', '/tickets', {
        body: { kind: 'return', subject: 'x', message: 'x', orderId: made.id },
      });
    }),
    named('tickets are assigned to agents only', async () => {
      const { session, user } = await open();
      const path = `/tickets/${(await complain(session)).id}`;
      const admin = await context.as('admin');
      await eventually(() => admin.expect(200, 'GET', path));
      await admin.refused(422, 'not-agent', 'PATCH', path, { body: { assigneeId: user.id } });
      await admin.refused(422, 'not-agent', 'PATCH', path, { body: { assigneeId: 2_147_483_647 } });
      const agent = await context.as('agent');
      const { id } = await agent.expect(200, 'GET', '/users/me');
      assert.equal((await admin.expect(200, 'PATCH', path, { body: { assigneeId: id } })).assigneeId, id);
      assert.equal((await admin.expect(200, 'PATCH', path, { body: { assigneeId: null } })).assigneeId, null);
    }),
    named('tickets are listed newest first, filtered, page by page', async () => {
      const { session, user } = await open();
      const made: number[] = [];
      for (let index = 0; index < 3; index += 1) made.unshift((await complain(session)).id as number);
      const seen: number[] = [];
      let cursor = '';
      do {
        const page = await session.expect(200, 'GET', `/tickets?limit=2&kind=complaint${cursor}`);
        seen.push(...page.items.map(({ id }: { id: number }) => id));
        cursor = page.nextCursor === null ? '' : `&cursor=${page.nextCursor}`;
      } while (cursor !== '');
      assert.deepEqual(seen, made);
      assert.deepEqual((await session.expect(200, 'GET', '/tickets?kind=return')).items, []);
      const agent = await context.as('agent');
      await eventually(async () => {
        const { items } = await agent.expect(200, 'GET', `/tickets?customerId=${user.id}`);
        assert.equal(items.length, 3);
      });
    }),
    named('attachments are described, and kept with the message that brought them', async () => {
      const { session } = await open();
      const file = (name: string) => ({ name, type: 'image/jpeg', size: 48_213, sha256: 'ab'.repeat(32) });
      const ticket = await complain(session, {
        attachments: [file('scratch 1.jpg'), file('Kratzer “2”.jpg')],
      });
      const [first] = ticket.messages;
      assert.deepEqual(
        first.attachments.map(({ id: _, ...rest }: { id: number }) => rest),
        [file('scratch 1.jpg'), file('Kratzer “2”.jpg')],
      );
      const path = `/tickets/${ticket.id}/messages`;
      const more = { body: 'One more.', attachments: [file('c.jpg')] };
      const message = await session.expect(201, 'POST', path, { body: more });
      assert.equal(message.attachments[0].name, 'c.jpg');
      const { items } = await session.expect(200, 'GET', path);
      assert.deepEqual([items[0], items[1]], [first, message]);
      const wrong = { body: 'x', attachments: [{ ...file('d'), sha256: 'AB'.repeat(32) }] };
      await session.refused(400, 'bad-request', 'POST', path, { body: wrong });
    }),
    named('the clock runs while it is the shop’s turn, and starts anew with the priority', async () => {
      const { session } = await open();
      const ticket = await complain(session);
      const hours = (from: string, to: string) => (Date.parse(to) - Date.parse(from)) / 3_600_000;
      const { sla, createdAt } = ticket;
      assert.deepEqual(
        [
          hours(createdAt, sla.responseDueAt),
          hours(createdAt, sla.resolutionDueAt),
          sla.pausedAt,
          sla.breached,
        ],
        [4, 24, null, []],
      );
      const agent = await context.as('agent');
      const path = `/tickets/${ticket.id}`;
      const change = (body: object) => agent.expect(200, 'PATCH', path, { body });
      const urgent = await eventually(() => change({ priority: 'urgent' }));
      assert.equal(hours(createdAt, urgent.sla.resolutionDueAt), 8);
      await agent.expect(201, 'POST', `${path}/messages`, { body: { body: 'Which colour?' } });
      const waiting = await agent.expect(200, 'GET', path);
      assert.notEqual(waiting.sla.respondedAt, null);
      assert.equal(waiting.sla.pausedAt, waiting.updatedAt);
      const again = await change({ status: 'open' });
      assert.equal(again.sla.pausedAt, null);
      const stoodMs = Date.parse(again.updatedAt) - Date.parse(waiting.updatedAt);
      assert.equal(Date.parse(again.sla.resolutionDueAt) - Date.parse(urgent.sla.resolutionDueAt), stoodMs);
      assert.equal(again.sla.responseDueAt, urgent.sla.responseDueAt);
      assert.notEqual((await change({ status: 'solved' })).sla.resolvedAt, null);
      assert.equal((await change({ status: 'open' })).sla.resolvedAt, null);
      for (const kind of ['response', 'resolution', 'any']) {
        const { items } = await agent.expect(200, 'GET', `/tickets?breached=${kind}&limit=100`);
        for (const { id, sla: late } of items) {
          assert.ok(
            kind === 'any' ? late.breached.length > 0 : late.breached.includes(kind),
            `${id} ${kind}`,
          );
          assert.notEqual(id, ticket.id);
        }
      }
    }),
  ];
}
