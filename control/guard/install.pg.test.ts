import { describe, expect, it } from 'vitest';
import { guardedPair, serviceAt } from './guard-fixture.ts';
import { guardGaps, installGuard, lockKey, uninstallGuard } from './install.ts';
import { readOwnership } from './ownership.ts';

const guarded = guardedPair();

describe('installing', () => {
  it('leaves a standing guard as it is, and says when the sides are exchanged', async () => {
    await guarded.close();
    await installGuard(guarded.pair.legacyPool, guarded.pair.group, 'legacy', 'legacy', 1n);
    expect(await readOwnership(guarded.pair.legacyPool, guarded.pair.group.name)).toMatchObject(
      serviceAt(2n),
    );
    await expect(
      installGuard(guarded.pair.legacyPool, guarded.pair.group, 'service', 'legacy', 1n),
    ).rejects.toMatchObject({
      code: 'preflight-failed',
    });
  });

  it('finds a trigger that was disabled, made ordinary, or dropped', async () => {
    expect(await guardGaps(guarded.pair.legacyPool, guarded.pair.group, 'legacy')).toEqual([]);
    await guarded.pair.legacyApp.query('alter table prod disable trigger matapalo_guard');
    await guarded.pair.legacyApp.query('alter table prod_tag enable trigger matapalo_guard_truncate');
    const gaps = await guardGaps(guarded.pair.legacyPool, guarded.pair.group, 'legacy');
    expect(gaps).toHaveLength(2);
    await guarded.pair.legacyApp.query('drop trigger matapalo_guard on prod');
    expect((await guardGaps(guarded.pair.legacyPool, guarded.pair.group, 'legacy')).join()).toContain(
      'is missing',
    );
  });

  it('goes without a trace', async () => {
    await uninstallGuard(guarded.pair.legacyPool, guarded.pair.group, 'legacy');
    const { rows } = await guarded.pair.legacyPool.query<{ left: number }>(
      `select (select count(*) from pg_trigger where tgname like 'matapalo%')::int
            + (select count(*) from pg_namespace where nspname = 'matapalo')::int as left`,
    );
    expect(rows[0]?.left).toBe(0);
    await expect(guarded.pair.legacyApp.query(`update prod set note = 'free'`)).resolves.toBeDefined();
  });

  it('locks by a number that is the same on every server', () => {
    expect(lockKey('orders')).toBe(lockKey('orders'));
    expect(lockKey('orders')).not.toBe(lockKey('users'));
  });
});
