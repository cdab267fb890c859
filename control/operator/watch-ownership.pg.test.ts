import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { moveOwnership, readOwnership } from '#guard/ownership.ts';
import { readGroup } from '#plan/store/groups.ts';
import { startTwoSides, type TwoSides } from '#test/two-sides.ts';
import { leadingOperator, placeGroup } from './operator-fixture.ts';
import { watchOwnership } from './watch-ownership.ts';

let sides: TwoSides;
beforeAll(async () => {
  sides = await startTwoSides();
});
afterAll(() => sides.stop());

describe('a database that was restored to before the close', () => {
  it('is closed again, and the group is stopped', async () => {
    const pair = await sides.pair();
    await placeGroup(pair, 'migrated');
    const operator = await leadingOperator(pair);
    try {
      for (const pool of [pair.legacyPool, pair.servicePool])
        await moveOwnership(pool, pair.group.name, {
          from: { owner: 'legacy', epoch: 1n },
          to: { owner: 'service', epoch: 2n },
          timeoutMs: 5_000,
        });
      await pair.controlPool.query('update route_group set epoch = 2');
      await watchOwnership(operator.operator);
      expect((await readGroup(pair.controlPool, pair.group.name))?.stopped).toBeUndefined();

      // What a restore brings back.
      await pair.legacyPool.query(`update matapalo.ownership set owner = 'legacy', epoch = 1`);
      await expect(pair.legacyApp.query('delete from prod_tag')).resolves.toBeDefined();
      await watchOwnership(operator.operator);
      await expect(pair.legacyApp.query('delete from prod_tag')).rejects.toMatchObject({ code: 'MP001' });
      expect(await readOwnership(pair.legacyPool, pair.group.name)).toMatchObject({
        owner: 'service',
        epoch: 2n,
      });
      expect((await readGroup(pair.controlPool, pair.group.name))?.stopped?.code).toBe('ownership-behind');
    } finally {
      await operator.stop();
      await pair.close();
    }
  });
});
