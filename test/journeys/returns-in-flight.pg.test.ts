import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createServiceToken } from '#kernel/auth/service-token.ts';
import { OperatorApi } from '#stack/demo/operator-api.ts';
import { startShop, type Shop } from '#stack/shop.ts';
import { seededAccounts } from '../contract/monolith-alone.ts';
import { seededContext } from '../contract/seeded-context.ts';
import { eventually, Session } from '../contract/session.ts';
import { deliveredMaker } from '../contract/support-returns.ts';
import { GroupWay } from './group-way.ts';

/** What one side began to settle and left is taken to its end by the side that owns support then: once. */
describe('returns that are half settled when support changes sides', () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'matapalo-returns-'));
  const closed = new AbortController();
  let shop: Shop;
  let way: GroupWay;
  let made: Awaited<ReturnType<ReturnType<typeof deliveredMaker>>>;
  const [first, second] = [crypto.randomUUID(), crypto.randomUUID()];

  const context = () => seededContext(shop.url, 'inflight');
  const legacy = (sql: string) => shop.clusters.legacy.query(sql, 'shop');
  const service = (sql: string) => shop.clusters.services.query(sql, 'support');
  const statusOf = async (id: string) =>
    (await made.session.expect(200, 'GET', `/returns/${id}`)).status as string;
  const settled = async (id: string) => {
    await eventually(async () => expect(await statusOf(id)).toBe('completed'), 60_000);
    const refunds = await made.session.expect(200, 'GET', `/orders/${made.order.id}/refunds`);
    const stock = await made.session.expect(200, 'GET', `/products/${made.product.id}/availability`);
    return [refunds.items.length, stock.onHand] as [number, number];
  };

  beforeAll(async () => {
    const env = { RETURN_STALLED_MS: '500' };
    shop = await startShop({ dataDir, port: 0, scale: 0.002, services: ['catalogue', 'support'], env });
    way = new GroupWay(new OperatorApi(shop.operatorUrl, shop.token, closed.signal), 'support');
    made = await deliveredMaker(context())();
    for (const id of [first, second]) expect((await made.put(id, 1)).status).toBe(201);
  }, 300_000);
  afterAll(async () => {
    closed.abort();
    await shop?.stop();
    rmSync(dataDir, { recursive: true, force: true });
  });

  test('approved in the monolith, settled by the service', async () => {
    await way.sync();
    await way.shadow();
    const agent = await context().as('agent');
    for (let turn = 0; turn < 120; turn += 1) await agent.expect(200, 'GET', `/tickets/${made.ticket.id}`);
    await way.canary(50);
    // As a process leaves it that dies between the approval and the refund; so new that no job takes it on yet.
    await legacy(
      `update ret set stat_cd = 'A', ver_no = 2, upd_dt = now() + interval '1 hour' where ret_id = '${first}'`,
    );
    await way.switch();
    expect(await statusOf(first)).toBe('approved');
    await service(`update returns set updated_at = now() - interval '1 minute' where id = '${first}'`);
    expect(await settled(first)).toEqual([1, 4]);
  }, 240_000);

  test('refunded by the service, which dies before it notes so; settled by the monolith, with one refund', async () => {
    await service(
      `update returns set status = 'approved', version = 2, updated_at = now() + interval '1 hour' where id = '${second}'`,
    );
    const token = createServiceToken({
      publicUrl: shop.url,
      clientId: 'support-service',
      clientSecret: seededAccounts.client?.secret ?? '',
    });
    await new Session(shop.url, await token()).expect(201, 'POST', `/orders/${made.order.id}/refunds`, {
      headers: { 'idempotency-key': `return-${second}` },
      body: { reason: `return ${second}`, lines: [{ productId: made.product.id, quantity: 1 }] },
    });
    await way.rollback();
    expect(await statusOf(second)).toBe('approved');
    await legacy(`update ret set upd_dt = now() - interval '1 minute' where ret_id = '${second}'`);
    expect(await settled(second)).toEqual([2, 5]);
    const { rows } = await legacy(`select rfd_cents::int as cents from ret where ret_id = '${second}'`);
    expect(rows).toEqual([{ cents: 1050 }]);
  }, 240_000);
});
