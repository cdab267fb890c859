import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { judgeComparisons } from './comparisons.ts';
import { judgeCrossingKeys } from './crossing-keys.ts';
import { judgeLag } from './lag.ts';
import { judgeOwnership } from './ownership.ts';
import { estimatePause } from './pause.ts';
import { judgeProxies } from './proxies.ts';
import { judgeRehearsal } from './rehearsed.ts';
import { judgeSlots } from './slots.ts';
import { judgeTransactions } from './transactions.ts';
import { judgeVerification } from './verification.ts';
import { nextValue } from '../transitions/sequences.ts';
import { identityChange } from '../identity.ts';

describe('lag', () => {
  const judge = (
    lagMs: number | undefined,
    reportAgeMs = 0,
    state: 'streaming' | 'backfilling' = 'streaming',
  ) =>
    judgeLag({
      direction: 'forward',
      progress: { state, lagMs, error: undefined, backfill: undefined },
      reportAgeMs,
      maxLagMs: 2_000,
      group: 'g',
    }).ok;
  it('is met within its bound', () => {
    expect(judge(2_000)).toBe(true);
    expect(judge(2_001)).toBe(false);
  });
  it('counts a silent worker as behind, whatever it said last', () => expect(judge(1, 60_000)).toBe(false));
  it('is unknown before the first beat, and while copying', () => {
    expect(judge(undefined)).toBe(false);
    expect(judge(1, 0, 'backfilling')).toBe(false);
  });
});

describe('comparisons', () => {
  const judge = (total: number, code: number, minComparisons = 100) =>
    judgeComparisons({ group: 'g', total, code, minComparisons, maxMismatchRate: 0.001 }).ok;
  it('too few prove nothing, even without a difference', () => expect(judge(99, 0)).toBe(false));
  it('are met up to the rate', () => {
    expect(judge(1_000, 1)).toBe(true);
    expect(judge(1_000, 2)).toBe(false);
  });
  it('are not asked for with a minimum of 0, but differences count', () => {
    expect(judge(0, 0, 0)).toBe(true);
    expect(judge(10, 5, 0)).toBe(false);
  });
});

describe('verification', () => {
  const clean = {
    state: 'clean',
    rows: 5,
    differences: 0,
    expired: false,
    beforeHandover: false,
    endedAt: undefined,
  };
  const judge = (change: Partial<typeof clean> | undefined) =>
    judgeVerification({ group: 'g', direction: 'forward', newest: change && { ...clean, ...change } }).ok;
  it('counts when clean, fresh and of this ownership', () => expect(judge({})).toBe(true));
  it.each([
    [undefined],
    [{ state: 'different', differences: 1 }],
    [{ state: 'running' }],
    [{ state: 'failed' }],
    [{ expired: true }],
    [{ beforeHandover: true }],
  ])('does not count: %o', (change) => expect(judge(change)).toBe(false));
});

describe('slots', () => {
  const slot = { name: 's', found: true, active: true, walStatus: 'reserved' };
  it('are met when read', () => expect(judgeSlots([slot], 'g').ok).toBe(true));
  it.each([
    [{ found: false }, 'resync'],
    [{ walStatus: 'lost' }, 'resync'],
    [{ walStatus: 'unreserved' }, 'cdc'],
    [{ active: false }, 'cdc'],
  ])('are not with %o', (change, help) => {
    const verdict = judgeSlots([slot, { ...slot, ...change }], 'g');
    expect(verdict.ok).toBe(false);
    expect(verdict.help).toContain(help);
  });
});

describe('the rest', () => {
  it('a way back that was never seen working does not count', () => {
    const judge = (ageMs: number | undefined) =>
      judgeRehearsal({ direction: 'reverse', ageMs, allowedMs: 5_000, group: 'g' }).ok;
    expect(judge(undefined)).toBe(false);
    expect(judge(5_001)).toBe(false);
    expect(judge(100)).toBe(true);
  });

  it('every proxy must be current and of the same configuration; none at all is a warning', () => {
    const proxy = { id: 'p', version: 7n, configHash: 'h' };
    expect(judgeProxies([proxy], 7n, 'h').ok).toBe(true);
    expect(judgeProxies([proxy, { ...proxy, version: 6n }], 7n, 'h').ok).toBe(false);
    expect(judgeProxies([proxy], 7n, 'other').ok).toBe(false);
    expect(judgeProxies([], 7n, 'h').blocks).toBe(false);
  });

  it('both ownership rows must say exactly what the routes say', () => {
    const row = (side: 'legacy' | 'service', epoch = 3n, owner: 'legacy' | 'service' = 'legacy') => ({
      side,
      owner,
      epoch,
    });
    const judge = (legacy?: ReturnType<typeof row>, service?: ReturnType<typeof row>) =>
      judgeOwnership({ owner: 'legacy', epoch: 3n, legacy, service }, 'g').ok;
    expect(judge(row('legacy'), row('service'))).toBe(true);
    expect(judge(row('legacy'), undefined)).toBe(false);
    expect(judge(row('legacy', 2n), row('service'))).toBe(false);
    expect(judge(row('legacy', 3n, 'service'), row('service'))).toBe(false);
    expect(judge(row('service'), row('service'))).toBe(false);
  });

  it('a transaction in the way is named with the statement that ends it', () => {
    const blocker = { where: 'legacy', pid: 12, ageMs: 5_000, state: 'idle in transaction', what: 'cron' };
    expect(judgeTransactions([]).ok).toBe(true);
    expect(judgeTransactions([blocker]).help).toBe('SELECT pg_terminate_backend(12)');
    expect(judgeTransactions([{ ...blocker, pid: null, what: 'x1' }]).help).toBe(`ROLLBACK PREPARED 'x1'`);
  });

  it('a crossing key is refused with the statement that drops it', () => {
    const key = { side: 'legacy', name: 'fk', table: 'a', references: 'b' };
    expect(judgeCrossingKeys([]).ok).toBe(true);
    expect(judgeCrossingKeys([key]).help).toBe('ALTER TABLE a DROP CONSTRAINT "fk"');
  });

  it('another cluster, or another timeline of it, is noticed', () => {
    const then = { systemIdentifier: '7', timeline: 1 };
    expect(identityChange(then, { ...then })).toBeUndefined();
    expect(identityChange(undefined, then)).toBeUndefined();
    expect(identityChange(then, { ...then, timeline: 2 })).toContain('timeline');
    expect(identityChange(then, { ...then, systemIdentifier: '8' })).toContain('system identifier');
  });

  it('a predicted pause grows with each of its parts', () => {
    const part = fc.double({ min: 0, max: 1_000, noNaN: true });
    const evidence = fc.record({
      controlRttMs: part,
      sourceRttMs: part,
      targetRttMs: part,
      applyMs: part,
      drainMs: part,
    });
    fc.assert(
      fc.property(
        evidence,
        fc.constantFrom('controlRttMs', 'sourceRttMs', 'targetRttMs', 'applyMs', 'drainMs'),
        (e, key) => {
          expect(estimatePause({ ...e, [key]: e[key] + 10 })).toBeGreaterThan(estimatePause(e));
        },
      ),
    );
  });

  it('a raised sequence is past all that the source gave out or set aside, and never goes back', () => {
    const state = fc.record({
      lastValue: fc.bigInt({ min: 1n, max: 10n ** 12n }),
      increment: fc.bigInt({ min: 1n, max: 100n }),
      cache: fc.bigInt({ min: 1n, max: 1_000n }),
    });
    fc.assert(
      fc.property(state, state, (source, target) => {
        const next = nextValue(source, target);
        expect(next > source.lastValue + source.increment * (source.cache - 1n)).toBe(true);
        expect(next >= target.lastValue).toBe(true);
      }),
    );
  });
});
