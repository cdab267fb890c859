import assert from 'node:assert/strict';
import type { ContractCase, ContractContext } from './context.ts';
import { orderMaker } from './orders.ts';
import { eventually, type Session } from './session.ts';
import { accountMaker } from './users.ts';

/** A new customer's shipped order of 2 pieces at 10.50, of 5 that were there, and a ticket of the kind `return` about it. */
export function deliveredMaker(context: ContractContext) {
  const order = orderMaker(context);
  const shipped = async (orderId: number) => {
    const agent = await context.as('agent');
    const body = { event: 'shipped', place: 'Hub 7' };
    await eventually(() => agent.expect(200, 'POST', `/orders/${orderId}/tracking`, { body }));
  };
  return async () => {
    const made = await order();
    await shipped(made.order.id as number);
    const ticket = await ticketAbout(context, made.session, made.order.id as number);
    const bodyOf = (quantity: number, reason = 'too small') => ({
      ticketId: ticket.id,
      lines: [{ productId: made.product.id, quantity }],
      reason,
    });
    const put = (id: string, quantity: number, reason?: string) =>
      made.session.call('PUT', `/returns/${id}`, { body: bodyOf(quantity, reason) });
    return { ...made, ticket, put, bodyOf };
  };
}

const ticketAbout = (context: ContractContext, session: Session, orderId: number, kind = 'return') =>
  session.expect(201, 'POST', '/tickets', {
    body: { kind, subject: `Return ${context.run}`, message: 'It does not fit.', orderId },
  });

/** Returns need the orders and the catalogue too: what they do shows in both. */
export function returnCases(context: ContractContext): ContractCase[] {
  const open = accountMaker(context);
  const order = orderMaker(context);
  const delivered = deliveredMaker(context);
  const about = (session: Session, orderId: number, kind?: string) =>
    ticketAbout(context, session, orderId, kind);
  const named = (name: string, run: () => Promise<void>): ContractCase => ({ name: `support: ${name}`, run });
  const settled = (session: Session, id: string) =>
    eventually(async () => {
      const found = await session.expect(200, 'GET', `/returns/${id}`);
      assert.equal(found.status, 'completed');
      return found;
    }, 40_000);

  return [
    named('an approved return gives money and goods back once, however often it is approved', async () => {
      const { session, product, order: made, ticket, put } = await delivered();
      const id = crypto.randomUUID();
      const first = await put(id, 1);
      assert.deepEqual([first.status, first.body.status, first.body.orderId], [201, 'requested', made.id]);
      assert.deepEqual((await put(id, 1)).body, first.body);
      const agent = await context.as('agent');
      const approve = () => eventually(() => agent.expect(200, 'POST', `/returns/${id}/approve`));
      await Promise.all([approve(), approve()]);
      const done = await settled(session, id);
      assert.deepEqual(done.refund, { amount: '10.50', currency: 'EUR' });
      assert.equal(typeof done.decidedBy, 'number');
      await approve();
      await agent.refused(409, 'illegal-move', 'POST', `/returns/${id}/reject`, { body: { note: 'late' } });
      await eventually(async () => {
        const stock = await session.expect(200, 'GET', `/products/${product.id}/availability`);
        assert.deepEqual([stock.onHand, stock.reserved], [4, 0]);
        const { items } = await session.expect(200, 'GET', `/orders/${made.id}/refunds`);
        assert.deepEqual(
          items.map((refund: { amount: { amount: string } }) => refund.amount.amount),
          ['10.50'],
        );
      });
      const { items } = await session.expect(200, 'GET', `/tickets/${ticket.id}/returns`);
      assert.deepEqual(items, [done]);
    }),
    named('no more is returned than was bought, whatever is asked for at once', async () => {
      const { session, put } = await delivered();
      assert.equal((await put(crypto.randomUUID(), 3)).body.code, 'over-returned');
      const ids = [1, 2, 3, 4].map(() => crypto.randomUUID());
      const answers = await Promise.all(ids.map((id) => put(id, 1)));
      assert.deepEqual(answers.map(({ status }) => status).sort(), [201, 201, 409, 409]);
      const taken = ids.find((_, index) => answers[index]?.status === 201) ?? '';
      const agent = await context.as('agent');
      const note = { body: { note: 'It was worn.' } };
      const rejected = await eventually(() => agent.expect(200, 'POST', `/returns/${taken}/reject`, note));
      assert.deepEqual([rejected.status, rejected.note, rejected.refund], ['rejected', 'It was worn.', null]);
      await agent.expect(200, 'POST', `/returns/${taken}/reject`, note);
      await agent.refused(409, 'illegal-move', 'POST', `/returns/${taken}/approve`);
      // What was rejected may be asked for again.
      await eventually(async () => assert.equal((await put(crypto.randomUUID(), 1)).status, 201));
      assert.equal((await put(crypto.randomUUID(), 1)).body.code, 'over-returned');
      await session.refused(403, 'forbidden', 'POST', `/returns/${taken}/approve`);
      await session.refused(403, 'forbidden', 'POST', `/returns/${taken}/reject`, note);
    }),
    named('a return’s id is one return; it is its customer’s and the agents’', async () => {
      const { session, product, ticket, put } = await delivered();
      const id = crypto.randomUUID();
      assert.equal((await put(id, 1)).status, 201);
      assert.equal((await put(id, 2)).body.code, 'return-conflict');
      assert.equal((await put(id, 1, 'another reason')).body.code, 'return-conflict');
      const stranger = (await open()).session;
      const body = { ticketId: ticket.id, lines: [{ productId: product.id, quantity: 1 }], reason: 'x' };
      await stranger.refused(404, 'not-found', 'GET', `/returns/${id}`);
      await stranger.refused(404, 'not-found', 'PUT', `/returns/${crypto.randomUUID()}`, { body });
      await context.guest().refused(401, 'unauthorized', 'GET', `/returns/${id}`);
      const twice = { ...body, lines: [body.lines[0], body.lines[0]] };
      await session.refused(400, 'bad-request', 'PUT', `/returns/${crypto.randomUUID()}`, { body: twice });
      const agent = await context.as('agent');
      await eventually(() => agent.expect(200, 'GET', `/returns/${id}`));
      const other = crypto.randomUUID();
      assert.equal(
        (await agent.expect(201, 'PUT', `/returns/${other}`, { body })).customerId,
        ticket.customerId,
      );
    }),
    named('only a shipped order is returned, by a ticket that says so', async () => {
      const { session, product, order: made } = await order();
      const put = (ticketId: number) =>
        session.call('PUT', `/returns/${crypto.randomUUID()}`, {
          body: { ticketId, lines: [{ productId: product.id, quantity: 1 }], reason: 'x' },
        });
      const ticket = await about(session, made.id as number);
      assert.equal((await put(ticket.id as number)).body.code, 'illegal-move');
      const complaint = await about(session, made.id as number, 'complaint');
      assert.equal((await put(complaint.id as number)).body.code, 'not-returnable');
      assert.equal((await put(2_147_483_647)).body.code, 'not-found');
    }),
  ];
}
