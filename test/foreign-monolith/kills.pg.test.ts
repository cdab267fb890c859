import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cleanAudit } from './wallet-audit.ts';
import { startLoad } from './wallet-load.ts';
import { runSql } from './run-sql.ts';
import { WalletStack } from './wallet-stack.ts';

/** The journal's steps between which a process may end; each is journaled before its act. */
const steps = [
  'begin',
  'hold',
  'holding',
  'drained',
  'closing',
  'closed',
  'caught-up',
  'sequences',
  'opening',
  'opened',
  'publishing',
  'published',
];

/**
 * SIGKILL of operator, cdc worker and proxy at every journal step of a switch and of a rollback, under load. A request
 * without an answer counts as unknown: applied once or not at all. Afterwards there is exactly one owner, the
 * transition has ended by itself, and the ledger is whole.
 */
describe('killed at every step', () => {
  const stack = new WalletStack({ proxies: 2 });
  beforeAll(async () => {
    await stack.up();
    await stack.transition('sync');
    await stack.streaming();
    await stack.transition('shadow');
  });
  afterAll(() => stack.down());

  /** One transition with one victim at one step; the group is left where it ended. */
  const killAt = async (
    kind: 'switch' | 'rollback',
    victim: 'operator-1' | 'cdc-1' | 'proxy-2',
    step: string,
  ) => {
    await gatesMet(stack, kind);
    if (victim === 'operator-1') {
      await stack.process('operator-1').stop();
      await stack.spawn('operator-1', { MATAPALO_FAULT: `kill:${step}` });
    }
    const id = await stack.ask(kind);
    if (victim === 'operator-1') {
      expect(
        await Promise.race([stack.process('operator-1').exit, stack.endedRow(id)]),
        `${kind} ${step}`,
      ).toBe('SIGKILL');
    } else {
      // The step is seen in the journal as soon as it is committed; the kill lands at it or a little later.
      await stack.until(`step ${step}`, async () => {
        const { rows } = await runSql(
          stack.controlUrl,
          `select from journal where transition_id = '${id}' and step in ('${step}', 'done', 'undone', 'failed')`,
        );
        return rows.length > 0 ? true : undefined;
      });
      await stack.process(victim).kill();
    }
    await stack.spawn(victim);
    return stack.ended(id);
  };

  for (const victim of ['operator-1', 'cdc-1', 'proxy-2'] as const) {
    it(`${victim}: one owner, the transition ended by itself, the ledger whole`, async () => {
      const load = startLoad({
        urls: stack.proxyUrls,
        wallets: stack.wallets,
        clients: 6,
        thinkMs: 10,
        tolerant: true,
      });
      const before = load.result;
      for (const step of steps) {
        // Either way is tried at every step: where a kill undid the transition, the same kind is tried again afterwards.
        for (const kind of ['switch', 'rollback'] as const) {
          const ended = await killAt(kind, victim, step);
          const owners = await stack.owners();
          expect(owners.holding, `${kind} ${step}`).toBeNull();
          expect(owners.legacy, `${kind} ${step}`).toBe(owners.service);
          expect(['done', 'undone'], `${kind} ${step}: ${ended.reason ?? ''}`).toContain(ended.state);
          if (ended.state === 'undone') await finish(stack, kind);
        }
      }
      const result = await load.stop();
      allLedger.push(...result.ledger);
      expect(before.failures).toEqual([]);
      await stack.settle();
      const owner = (await stack.owners()).legacy.split('@')[0] === 'legacy' ? 'legacy' : 'service';
      expect(await stack.audit(allLedger, owner)).toEqual(cleanAudit);
    }, 1_200_000);
  }

  const allLedger: Awaited<ReturnType<ReturnType<typeof startLoad>['stop']>>['ledger'] = [];
});

/** What a switch or a rollback asks for, as a person would have it done. */
async function gatesMet(stack: WalletStack, kind: 'switch' | 'rollback'): Promise<void> {
  await stack.streaming();
  // A killed proxy counts as live until its lease has run out.
  await stack.until('every live proxy on the newest routes', async () => {
    const { rowCount } = await runSql(
      stack.controlUrl,
      'select from proxy where lease_until > now() and version <> (select version from route_version)',
    );
    return rowCount === 0 ? true : undefined;
  });
  if (kind === 'switch') await stack.compared(20);
  await stack.settle();
  await stack.verify(kind === 'switch' ? 'forward' : 'reverse');
}

/** A kill undid it: do it whole, so that the other kind can follow. */
async function finish(stack: WalletStack, kind: 'switch' | 'rollback'): Promise<void> {
  await gatesMet(stack, kind);
  const ended = await stack.transition(kind);
  expect(ended, ended.reason).toMatchObject({ state: 'done' });
}
