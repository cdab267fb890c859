import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { startCluster, type Cluster } from '#stack/clusters.ts';
import { createLog } from '#kernel/log.ts';
import { takeSessionLead, type SessionLead, type SessionLeadOptions } from '#kernel/db/session-lead.ts';

let cluster: Cluster;
const log = createLog('test', 'silent');
const leads: SessionLead[] = [];

beforeAll(async () => {
  cluster = await startCluster();
});
afterEach(async () => {
  await Promise.all(leads.splice(0).map((lead) => lead.release()));
});
afterAll(() => cluster.stop());

// The second key is negative, as half of all hashes are.
const key = [7, -1_234_567] as const;
const leaseMs = 400;

async function take(
  signal: AbortSignal = AbortSignal.timeout(20_000),
  options: Partial<SessionLeadOptions> = {},
): Promise<SessionLead | undefined> {
  const lead = await takeSessionLead(
    { url: cluster.url(), name: 'lead test', subject: 'This test', key, leaseMs, log, ...options },
    signal,
  );
  if (lead !== undefined) leads.push(lead);
  return lead;
}

it('a holder that speaks keeps the lead, and the next has it as soon as it is released', async () => {
  const first = await take();
  expect(await take(AbortSignal.timeout(4 * leaseMs))).toBeUndefined();
  expect(await first?.confirm()).toBe(true);
  const next = take();
  await first?.release();
  expect(first?.held).toBe(false);
  expect((await next)?.held).toBe(true);
});

it('a holder that has fallen silent is put out after a lease', async () => {
  const silent = new pg.Client({ connectionString: cluster.url() });
  const ended = new Promise<void>((resolve) => silent.once('end', () => resolve()));
  silent.on('error', () => undefined);
  await silent.connect();
  await silent.query('select pg_advisory_lock($1, $2)', [...key]);
  const since = performance.now();
  expect((await take())?.held).toBe(true);
  expect(performance.now() - since).toBeGreaterThan(leaseMs * 0.9);
  await ended;
});

it('a process that slept for a lease knows that it does not lead before it hears so', async () => {
  const lead = await take();
  const until = performance.now() + leaseMs + 50;
  // Nothing else of this process runs meanwhile, as under SIGSTOP.
  while (performance.now() < until);
  expect(lead?.held).toBe(false);
  expect(lead?.lost.reason).toMatchObject({ code: 'not-leader' });
});

it('stops at once while it waits or is still connecting', async () => {
  await take();
  for (const afterMs of [0, 2, 5, 50]) {
    const since = performance.now();
    expect(await take(AbortSignal.timeout(afterMs))).toBeUndefined();
    expect(performance.now() - since).toBeLessThan(1_500);
  }
});

it('loses the lead with its session, and when the check says so', async () => {
  const lead = await take();
  const lost = new Promise<void>((resolve) => lead?.lost.addEventListener('abort', () => resolve()));
  await cluster.query(
    `select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'lead test'`,
  );
  await lost;
  const over: string[] = [];
  const checked = await take(undefined, { check: () => Promise.resolve(over[0]) });
  await delay(leaseMs / 2);
  expect(checked?.held).toBe(true);
  over.push('a newer term has begun');
  expect(await checked?.confirm()).toBe(false);
});
