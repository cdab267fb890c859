import assert from 'node:assert/strict';
import { productMaker } from './catalogue-products.ts';
import { eventually, type Session } from './session.ts';
import type { ContractCase, ContractContext } from './context.ts';

export function reservationCases(context: ContractContext): ContractCase[] {
  const make = productMaker(context);
  const named = (name: string, run: () => Promise<void>): ContractCase => ({
    name: `reservations: ${name}`,
    run,
  });
  const hold = (session: Session, id: string, lines: [number, number][], ttlSeconds?: number) =>
    session.call('PUT', `/reservations/${id}`, {
      body: {
        lines: lines.map(([productId, quantity]) => ({ productId, quantity })),
        ...(ttlSeconds === undefined ? {} : { ttlSeconds }),
      },
    });
  const stockOf = async (session: Session, productId: number) => {
    const { onHand, reserved, available } = await session.expect(
      200,
      'GET',
      `/products/${productId}/availability`,
    );
    return { onHand, reserved, available };
  };
  return [
    named('the same request holds once; its commit takes the goods', async () => {
      const manager = await context.as('manager');
      const [a, b] = [await make(manager, { onHand: 5 }), await make(manager, { onHand: 5 })];
      const id = crypto.randomUUID();
      const lines: [number, number][] = [
        [b.id, 2],
        [a.id, 1],
      ];
      const answers = await Promise.all(Array.from({ length: 5 }, () => hold(manager, id, lines)));
      assert.deepEqual(answers.map(({ status }) => status).sort(), [200, 200, 200, 200, 201]);
      const held = answers[0]?.body;
      assert.equal(held.state, 'held');
      assert.deepEqual(held.lines, [
        { productId: a.id, quantity: 1 },
        { productId: b.id, quantity: 2 },
      ]);
      for (const answer of answers) assert.deepEqual(answer.body, held);
      assert.deepEqual(await stockOf(manager, b.id), { onHand: 5, reserved: 2, available: 3 });
      assert.deepEqual(await manager.expect(200, 'GET', `/reservations/${id}`), held);
      for (const _ of [1, 2]) {
        const committed = await manager.expect(200, 'POST', `/reservations/${id}/commit`);
        assert.equal(committed.state, 'committed');
      }
      assert.deepEqual(await stockOf(manager, b.id), { onHand: 3, reserved: 0, available: 3 });
      await manager.refused(409, 'illegal-move', 'POST', `/reservations/${id}/release`);
      assert.equal((await hold(manager, id, lines)).status, 200);
      assert.deepEqual(await stockOf(manager, a.id), { onHand: 4, reserved: 0, available: 4 });
    }),
    named('a release gives back once', async () => {
      const manager = await context.as('manager');
      const product = await make(manager, { onHand: 2 });
      const id = crypto.randomUUID();
      await hold(manager, id, [[product.id, 2]]);
      for (const _ of [1, 2]) {
        assert.equal((await manager.expect(200, 'POST', `/reservations/${id}/release`)).state, 'released');
      }
      assert.deepEqual(await stockOf(manager, product.id), { onHand: 2, reserved: 0, available: 2 });
      await manager.refused(409, 'illegal-move', 'POST', `/reservations/${id}/commit`);
    }),
    named('all lines are held, or none; the id stays free', async () => {
      const manager = await context.as('manager');
      const [plenty, few] = [await make(manager, { onHand: 9 }), await make(manager, { onHand: 1 })];
      const id = crypto.randomUUID();
      const refused = await hold(manager, id, [
        [plenty.id, 1],
        [few.id, 2],
      ]);
      assert.deepEqual([refused.status, refused.body.code], [409, 'out-of-stock']);
      assert.deepEqual(await stockOf(manager, plenty.id), { onHand: 9, reserved: 0, available: 9 });
      await manager.refused(404, 'not-found', 'GET', `/reservations/${id}`);
      assert.equal((await hold(manager, id, [[plenty.id, 1]])).status, 201);
      const conflict = await hold(manager, id, [[plenty.id, 2]]);
      assert.deepEqual([conflict.status, conflict.body.code], [409, 'reservation-conflict']);
    }),
    named('only active products can be held, each named once', async () => {
      const manager = await context.as('manager');
      const product = await make(manager, { onHand: 9 });
      const path = `/reservations/${crypto.randomUUID()}`;
      const unknown = { lines: [{ productId: 2_147_483_647, quantity: 1 }] };
      await manager.refused(422, 'unknown-product', 'PUT', path, { body: unknown });
      const twice = [1, 2].map((quantity) => ({ productId: product.id, quantity }));
      await manager.refused(400, 'bad-request', 'PUT', path, { body: { lines: twice } });
      await manager.expect(204, 'DELETE', `/products/${product.id}`);
      const archived = { lines: [{ productId: product.id, quantity: 1 }] };
      await manager.refused(422, 'unknown-product', 'PUT', path, { body: archived });
    }),
    named('a token is needed, of any role', async () => {
      const product = await make(await context.as('manager'), { onHand: 1 });
      const id = crypto.randomUUID();
      const guest = context.guest();
      assert.equal((await hold(guest, id, [[product.id, 1]])).status, 401);
      await guest.refused(401, 'unauthorized', 'GET', `/reservations/${id}`);
      await guest.refused(401, 'unauthorized', 'POST', `/reservations/${id}/commit`);
      assert.equal((await hold(await context.as('customer'), id, [[product.id, 1]])).status, 201);
    }),
    named('under concurrency exactly what is there is given out, and nothing is lost', async () => {
      const manager = await context.as('manager');
      const customer = await context.as('customer');
      const [a, b] = [await make(manager, { onHand: 8 }), await make(manager, { onHand: 100 })];
      const wanted = Array.from({ length: 24 }, (_, index) => ({
        id: crypto.randomUUID(),
        // Both orders of the lines: a deadlock would show as an error.
        lines: (index % 2 === 0
          ? [
              [a.id, 1],
              [b.id, 2],
            ]
          : [
              [b.id, 2],
              [a.id, 1],
            ]) as [number, number][],
      }));
      const answers = await Promise.all(wanted.map(({ id, lines }) => hold(customer, id, lines)));
      const held = wanted.filter((_, index) => answers[index]?.status === 201);
      assert.equal(held.length, 8);
      assert.equal(
        answers.filter(({ status, body }) => status === 409 && body.code === 'out-of-stock').length,
        16,
      );
      // Read by one who wrote: the customer's own reads may not go back behind its writes.
      assert.deepEqual(await stockOf(customer, a.id), { onHand: 8, reserved: 8, available: 0 });
      await Promise.all(
        held.flatMap(({ id }, index) =>
          [1, 2].map(() =>
            customer.expect(200, 'POST', `/reservations/${id}/${index % 2 === 0 ? 'commit' : 'release'}`),
          ),
        ),
      );
      assert.deepEqual(await stockOf(customer, a.id), { onHand: 4, reserved: 0, available: 4 });
      assert.deepEqual(await stockOf(customer, b.id), { onHand: 92, reserved: 0, available: 92 });
    }),
    named('commit and release of one reservation at once: one wins', async () => {
      const manager = await context.as('manager');
      const product = await make(manager, { onHand: 6 });
      for (let round = 0; round < 3; round += 1) {
        const id = crypto.randomUUID();
        await hold(manager, id, [[product.id, 1]]);
        const answers = await Promise.all(
          ['commit', 'release', 'commit', 'release'].map((move) =>
            manager.call('POST', `/reservations/${id}/${move}`),
          ),
        );
        assert.deepEqual(answers.map(({ status }) => status).sort(), [200, 200, 409, 409]);
      }
      const { onHand, reserved } = await stockOf(manager, product.id);
      assert.ok(onHand >= 3 && onHand <= 6);
      assert.equal(reserved, 0);
    }),
    named('a hold ends with its time, and cannot be committed afterwards', async () => {
      const manager = await context.as('manager');
      const product = await make(manager, { onHand: 3 });
      const id = crypto.randomUUID();
      await hold(manager, id, [[product.id, 3]], 1);
      await eventually(async () => {
        assert.equal((await manager.expect(200, 'GET', `/reservations/${id}`)).state, 'expired');
      }, 60_000);
      assert.deepEqual(await stockOf(manager, product.id), { onHand: 3, reserved: 0, available: 3 });
      await manager.refused(409, 'illegal-move', 'POST', `/reservations/${id}/commit`);
      await manager.refused(409, 'illegal-move', 'POST', `/reservations/${id}/release`);
    }),
  ];
}
