import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { OperatorApi } from '#stack/demo/operator-api.ts';
import { startShop, type Shop } from '#stack/shop.ts';
import { allServices } from '#stack/services.ts';
import { seededAccounts } from '../contract/monolith-alone.ts';
import { Session } from '../contract/session.ts';
import { contractSuite, runContract } from '../contract/suite.ts';
import { GroupWay } from './group-way.ts';

/** One contract, unchanged, through the proxy in every phase of each group's way, one group after another. */
describe("the shop's contract through the proxy", () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'matapalo-contract-'));
  const closed = new AbortController();
  let shop: Shop;
  let api: OperatorApi;

  beforeAll(async () => {
    const env = { WEBHOOK_SECRET: seededAccounts.webhookSecret ?? '' };
    shop = await startShop({ dataDir, port: 0, scale: 0.02, proxies: 1, services: allServices, env });
    api = new OperatorApi(shop.operatorUrl, shop.token, closed.signal);
  }, 300_000);
  afterAll(async () => {
    closed.abort();
    await shop?.stop();
    rmSync(dataDir, { recursive: true, force: true });
  });

  /** Reads for the shadow to compare: a switch wants a hundred, and some groups have more writes than reads. */
  const browse = async (group: string) => {
    const paths: Record<string, string> = { orders: '/cart', support: '/tickets/1' };
    const session = new Session(shop.url);
    const body = seededAccounts.accounts.agent;
    session.token = (await session.expect(200, 'POST', '/auth/login', { body })).accessToken;
    for (let turn = 0; turn < 120; turn += 1)
      await session.expect(200, 'GET', paths[group] ?? '/.well-known/jwks.json');
  };

  for (const group of ['catalogue', 'users', 'orders', 'support'] as const) {
    // In the order of the way; each step leads to the next.
    const way: [phase: string, go: (steps: GroupWay) => Promise<unknown>][] = [
      ['legacy', async () => undefined],
      ['syncing', (steps) => steps.sync()],
      ['shadow', (steps) => steps.shadow()],
      ['canary', (steps) => browse(group).then(() => steps.canary(50))],
      ['migrated', (steps) => steps.switch()],
      ['shadow', (steps) => steps.rollback()],
      ['migrated', (steps) => steps.switch()],
      ['retired', (steps) => steps.retire()],
    ];
    for (const [phase, go] of way) {
      it(`holds with ${group} in phase ${phase}`, async () => {
        await go(new GroupWay(api, group));
        expect((await api.group(group)).phase).toBe(phase);
        // At the end of each way everything, in between what moves.
        const parts = phase === 'retired' ? {} : { parts: [group] };
        const options = { ...seededAccounts, ...parts, mailDir: join(dataDir, 'mail') };
        const failed = await runContract(contractSuite(shop.url, options));
        expect(failed.map(({ name, error }) => `${name}: ${error.message.slice(0, 300)}`)).toEqual([]);
      }, 300_000);
    }
  }
});
