import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { OperatorApi } from '#stack/demo/operator-api.ts';
import { startShop, type Shop } from '#stack/shop.ts';
import { seededAccounts } from '../contract/monolith-alone.ts';
import { contractSuite, runContract } from '../contract/suite.ts';

/** One contract, unchanged, through the proxy in every phase of the catalogue's way. */
describe("the shop's contract through the proxy", () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'matapalo-contract-'));
  const closed = new AbortController();
  let shop: Shop;
  let api: OperatorApi;

  beforeAll(async () => {
    shop = await startShop({ dataDir, port: 0, scale: 0.02, proxies: 1 });
    api = new OperatorApi(shop.operatorUrl, shop.token, closed.signal);
  }, 300_000);
  afterAll(async () => {
    closed.abort();
    await shop?.stop();
    rmSync(dataDir, { recursive: true, force: true });
  });

  const move = (kind: string, body: Record<string, unknown> = {}) =>
    api.transit('catalogue', kind, body, 60_000);
  const verify = async (direction: 'forward' | 'reverse') => {
    expect(await api.verify('catalogue', direction)).toMatchObject({ differences: 0 });
  };
  const streaming = async () => {
    for (;;) {
      const { sync, stopped } = await api.group('catalogue');
      expect(stopped).toBeFalsy();
      if (sync.length === 2 && sync.every(({ state }) => state === 'streaming')) return;
      await delay(100);
    }
  };

  // In the order of the way; each step leads to the next.
  const way: [phase: string, go: () => Promise<unknown>][] = [
    ['legacy', async () => undefined],
    ['syncing', () => move('sync')],
    ['shadow', () => streaming().then(() => move('shadow'))],
    ['canary', () => move('canary', { percent: 50 })],
    ['migrated', () => verify('forward').then(() => move('switch'))],
    ['shadow', () => verify('reverse').then(() => move('rollback'))],
    ['migrated', () => verify('forward').then(() => move('switch'))],
    ['retired', () => verify('reverse').then(() => move('retire'))],
  ];
  for (const [phase, go] of way) {
    it(`holds in phase ${phase}`, async () => {
      await go();
      expect((await api.group('catalogue')).phase).toBe(phase);
      const failed = await runContract(contractSuite(shop.url, seededAccounts));
      expect(failed.map(({ name, error }) => `${name}: ${error.message.slice(0, 300)}`)).toEqual([]);
    }, 300_000);
  }
});
