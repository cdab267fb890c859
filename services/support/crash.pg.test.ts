import { spawn, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { freePort } from '#stack/clusters.ts';
import type { Passing } from '../../test/contract/front.ts';
import { seededContext } from '../../test/contract/seeded-context.ts';
import {
  startSupportBesideMonolith,
  type SupportBesideMonolith,
} from '../../test/contract/support-beside-monolith.ts';
import { deliveredMaker } from '../../test/contract/support-returns.ts';

/** The step at which the process is killed, once. */
let killAt: { step: RegExp; phase: Passing['phase'] } | undefined;
let shop: SupportBesideMonolith;
let child: ChildProcess | undefined;

async function kill(): Promise<void> {
  const killed = child;
  child = undefined;
  if (killed === undefined || killed.exitCode !== null) return;
  const gone = new Promise((done) => killed.once('exit', done));
  killed.kill('SIGKILL');
  await gone;
}

async function startProcess(): Promise<void> {
  const port = await freePort();
  const { config } = shop;
  child = spawn(process.execPath, [join(import.meta.dirname, 'main.ts')], {
    env: {
      ...process.env,
      PORT: String(port),
      DATABASE_URL: config.databaseUrl,
      PUBLIC_URL: config.publicUrl,
      JWKS_URL: config.jwksUrl,
      CLIENT_ID: config.clientId,
      CLIENT_SECRET: config.clientSecret,
      RETURN_STALLED_MS: '300',
      STANDALONE: 'true',
      LOG_LEVEL: 'error',
    },
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  const url = `http://127.0.0.1:${port}`;
  shop.serveAt(url);
  await expect
    .poll(
      () =>
        fetch(`${url}/readyz`).then(
          ({ ok }) => ok,
          () => false,
        ),
      { timeout: 60_000 },
    )
    .toBe(true);
}

beforeAll(async () => {
  shop = await startSupportBesideMonolith({
    start: false,
    watch: async ({ method, path, phase }) => {
      if (killAt === undefined || killAt.phase !== phase || !killAt.step.test(`${method} ${path}`)) return;
      killAt = undefined;
      await kill();
    },
  });
});
afterEach(kill);
afterAll(() => shop?.stop());

const context = () => seededContext(shop.front.url, 'crash');

describe('a return whose process is killed', () => {
  const steps: [name: string, step: RegExp][] = [
    ['the refund', /^POST \/orders\/\d+\/refunds$/],
    ['the restocking', /^POST \/products\/\d+\/stock-adjustments$/],
  ];
  for (const [name, step] of steps) {
    for (const phase of ['before', 'after'] as const) {
      test(`${phase} ${name} ends by itself, with money and goods back once`, async () => {
        await startProcess();
        const { session, product, order, put } = await deliveredMaker(context())();
        const id = crypto.randomUUID();
        expect((await put(id, 1)).status).toBe(201);
        const agent = await context().as('agent');
        // Making the product adjusts no stock: what is killed is the settling.
        killAt = { step, phase };
        expect((await agent.send('POST', `/returns/${id}/approve`)).status).toBe(502);
        expect([killAt, child]).toEqual([undefined, undefined]);
        await startProcess();
        const status = async () => (await session.expect(200, 'GET', `/returns/${id}`)).status as string;
        await expect.poll(status, { timeout: 60_000 }).toBe('completed');
        const refunds = await session.expect(200, 'GET', `/orders/${order.id}/refunds`);
        expect(refunds.items.map(({ amount }: { amount: { amount: string } }) => amount.amount)).toEqual([
          '10.50',
        ]);
        const stock = await session.expect(200, 'GET', `/products/${product.id}/availability`);
        expect([stock.onHand, stock.reserved]).toEqual([4, 0]);
        const { rows } = await shop.cluster.query(
          `select type, version::int from outbox where aggregate_id = '${id}' order by version`,
          shop.database,
        );
        expect(rows.map((row) => [row.type, row.version])).toEqual([
          ['return.requested', 1],
          ['return.approved', 2],
          ['return.refunded', 3],
          ['return.completed', 4],
        ]);
      });
    }
  }

  test('before an order that can no more be refunded fails, and lets the pieces go again', async () => {
    await startProcess();
    const { session, product, order, put } = await deliveredMaker(context())();
    const id = crypto.randomUUID();
    expect((await put(id, 2)).status).toBe(201);
    const manager = await context().as('manager');
    await manager.expect(201, 'POST', `/orders/${order.id}/refunds`, {
      headers: { 'idempotency-key': 'by-hand' },
      body: { reason: 'by hand', lines: [{ productId: product.id, quantity: 1 }] },
    });
    const agent = await context().as('agent');
    const failed = await agent.expect(200, 'POST', `/returns/${id}/approve`);
    expect([failed.status, failed.failure, failed.refund]).toEqual(['failed', 'refund-exceeds', null]);
    expect((await session.expect(200, 'GET', `/products/${product.id}/availability`)).onHand).toBe(3);
    expect((await put(crypto.randomUUID(), 1)).status).toBe(201);
  });
});
