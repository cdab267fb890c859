import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { installGuard } from '#guard/install.ts';
import { moveOwnership } from '#guard/ownership.ts';
import { supportGroup as group } from './carry-rows.ts';
import { seededAccounts } from './monolith-alone.ts';
import { eventually, Session } from './session.ts';
import { startSupportBesideMonolith, type SupportBesideMonolith } from './support-beside-monolith.ts';

let shop: SupportBesideMonolith;
let pool: pg.Pool;
let agent: Session;
/** What the service has asked the orders to give back. */
let refunds = 0;
const query = async (sql: string) => (await shop.cluster.query(sql, shop.database)).rows;
const waiting = '11111111-1111-4111-8111-111111111111';
const stalled = '22222222-2222-4222-8222-222222222222';

beforeAll(async () => {
  shop = await startSupportBesideMonolith({
    standalone: false,
    watch: ({ path, phase }) => {
      if (phase === 'before' && path.endsWith('/refunds')) refunds += 1;
    },
  });
  pool = new pg.Pool({ connectionString: shop.cluster.url(shop.database), max: 2 });
  agent = new Session(shop.front.url);
  const body = seededAccounts.accounts.agent;
  agent.token = (await agent.expect(200, 'POST', '/auth/login', { body })).accessToken;
  // An order that does not exist: what is settled for it fails, and tells that somebody tried.
  await query(`
    insert into tickets (id, customer_id, kind, status, subject, order_id) values (1, 1, 'return', 'open', 'x', 2000000000);
    insert into ticket_clocks (ticket_id, response_due_at, resolution_due_at) values (1, now(), now());
    insert into returns (id, ticket_id, order_id, customer_id, status, reason, updated_at) values
      ('${waiting}', 1, 2000000000, 1, 'requested', 'x', now()),
      ('${stalled}', 1, 2000000000, 1, 'approved', 'x', now() - interval '1 hour');
    insert into return_lines select id, 1, 1 from returns;
    insert into tickets (id, customer_id, kind, status, subject) values (2, 2, 'question', 'closed', 'Secret');
    insert into ticket_clocks (ticket_id, response_due_at, resolution_due_at) values (2, now(), now());
    insert into erasures (user_id, version) values (2, 7);
  `);
});
afterAll(async () => {
  await pool?.end();
  await shop?.stop();
});

/** The writes that the service may receive. */
const writes: [method: string, path: string, body: unknown][] = [
  ['POST', '/tickets', { kind: 'complaint', subject: 'x', message: 'x' }],
  ['PATCH', '/tickets/1', { priority: 'low' }],
  ['POST', '/tickets/1/messages', { body: 'x' }],
  ['POST', `/returns/${waiting}/approve`, undefined],
  ['POST', `/returns/${waiting}/reject`, { note: 'x' }],
];

async function expectAllRefused(): Promise<void> {
  for (const [method, path, body] of writes) {
    const answer = await agent.send(method, path, { body });
    expect([path, answer.status, answer.body?.code]).toEqual([path, 503, 'not-owner']);
    expect(answer.headers.get('matapalo-refused')).toBe('MP001');
  }
  expect(
    await query(`select id, status::text from returns where status in ('requested', 'approved') order by id`),
  ).toEqual([
    { id: waiting, status: 'requested' },
    { id: stalled, status: 'approved' },
  ]);
  expect((await agent.expect(200, 'GET', '/tickets/2')).subject).toBe('Secret');
  expect([await query('select * from outbox'), refunds]).toEqual([[], 0]);
  expect((await agent.expect(200, 'GET', '/tickets/1')).priority).toBe('normal');
}

describe('a support service that does not stand alone', () => {
  test('refuses every write while nobody has given it the group, and reads all the same', expectAllRefused);

  test('refuses them, and leaves a stalled return alone, while the monolith owns the group', async () => {
    await installGuard(pool, group, 'service', 'legacy', 1n);
    await expectAllRefused();
    // Two rounds of the job, at least.
    await pool.query('select pg_sleep(1)');
    await expectAllRefused();
  });

  test('takes writes, the stalled return on, and an ended account’s words away, once it owns the group', async () => {
    await moveOwnership(pool, 'support', {
      from: { owner: 'legacy', epoch: 1n },
      to: { owner: 'service', epoch: 2n },
      timeoutMs: 10_000,
    });
    await eventually(async () => {
      const [found] = await query(`select status::text, failure from returns where id = '${stalled}'`);
      expect(found).toEqual({ status: 'failed', failure: 'not-found' });
    });
    await eventually(async () =>
      expect((await agent.expect(200, 'GET', '/tickets/2')).subject).toBe('[erased]'),
    );
    await agent.expect(200, 'PATCH', '/tickets/1', { body: { priority: 'low' } });
    await agent.expect(200, 'POST', `/returns/${waiting}/reject`, { body: { note: 'x' } });
    const events = await query('select aggregate_id as id, type from outbox order by type');
    expect(events).toEqual([
      { id: stalled, type: 'return.failed' },
      { id: waiting, type: 'return.rejected' },
      { id: '1', type: 'ticket.changed' },
      { id: '2', type: 'ticket.erased' },
    ]);
  });

  test('loses no acknowledged message when the group is taken away under load', async () => {
    const acknowledged = new Set<string>();
    let refused = 0;
    let running = true;
    const writer = async () => {
      while (running) {
        const body = crypto.randomUUID();
        const answer = await agent.send('POST', '/tickets/1/messages', { body: { body } });
        if (answer.status === 201) acknowledged.add(body);
        else {
          expect([answer.status, answer.body.code]).toEqual([503, 'not-owner']);
          refused += 1;
        }
      }
    };
    const writers = Promise.all(Array.from({ length: 8 }, writer));
    await eventually(async () => expect(acknowledged.size).toBeGreaterThan(30));
    await moveOwnership(pool, 'support', {
      from: { owner: 'service', epoch: 2n },
      to: { owner: 'legacy', epoch: 3n },
      timeoutMs: 10_000,
    });
    const [closed] = await query('select version::int from tickets where id = 1');
    await eventually(async () => expect(refused).toBeGreaterThan(20));
    running = false;
    await writers;
    const kept = await query(`select body from messages where ticket_id = 1`);
    expect(new Set(kept.map((row) => row.body as string))).toEqual(acknowledged);
    // Each message was one step of the ticket, and one event; after the close there was none.
    const [ticket] = await query('select version::int from tickets where id = 1');
    const [told] = await query(`select count(*)::int as n from outbox where type = 'ticket.replied'`);
    expect([ticket, told]).toEqual([closed, { n: acknowledged.size }]);
  });
});
