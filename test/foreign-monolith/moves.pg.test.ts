import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cleanAudit } from './wallet-audit.ts';
import { startLoad } from './wallet-load.ts';
import { WalletStack } from './wallet-stack.ts';

/**
 * A second domain with habits of its own (plural names, uuid keys, a table without a primary key), moved by the same tool
 * through two proxies, while clients transfer money.
 */
describe('the foreign monolith', () => {
  const stack = new WalletStack({ proxies: 2 });
  beforeAll(() => stack.up());
  afterAll(() => stack.down());

  it('moves, rolls back and moves again under load: no request fails, no cent is lost', async () => {
    const load = startLoad({ urls: stack.proxyUrls, wallets: stack.wallets, clients: 8, thinkMs: 5 });
    const phases: string[] = [];
    const go = async (kind: string, args: object = {}) => {
      const ended = await stack.transition(kind, args);
      expect(ended, kind).toMatchObject({ state: 'done' });
      phases.push((await stack.owners()).phase);
    };

    await go('sync');
    await stack.streaming();
    await go('shadow');
    await stack.compared(30);
    await stack.verify('forward');
    await go('canary', { percent: 50 });
    await go('switch');
    await stack.verify('reverse');
    await go('rollback');
    await stack.verify('forward');
    await go('switch');
    await stack.verify('reverse');

    const result = await load.stop();
    await stack.settle();
    expect(phases).toEqual(['syncing', 'shadow', 'canary', 'migrated', 'shadow', 'migrated']);
    expect(result.failures).toEqual([]);
    expect(result.failed).toBe(0);
    expect(result.ledger.filter((entry) => entry.outcome === 'acknowledged').length).toBeGreaterThan(100);
    expect(await stack.audit(result.ledger, 'service')).toEqual(cleanAudit);

    await go('retire');
    const owners = await stack.owners();
    expect(owners).toMatchObject({ phase: 'retired', holding: null });
    // The service's guard goes with the group; the monolith's stays, closed.
    expect(owners.legacy).toMatch(/^service@/);
  });
});
