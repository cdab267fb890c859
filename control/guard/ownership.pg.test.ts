import { describe, expect, it } from 'vitest';
import { guardedPair, legacyAt, serviceAt } from './guard-fixture.ts';
import { beat, isApplied, moveOwnership, readOwnership } from './ownership.ts';

const guarded = guardedPair();

describe('moving ownership', () => {
  it('beats as it moves, and the beat counts on from before', async () => {
    await beat(guarded.pair.legacyPool, guarded.pair.group.name);
    const closing = await guarded.close();
    expect(closing).toEqual({ epoch: 2n, n: 2n });
    expect(await beat(guarded.pair.legacyPool, guarded.pair.group.name)).toEqual({ epoch: 2n, n: 3n });
  });

  it('answers a repeat as it answered the first time', async () => {
    expect(await guarded.close()).toEqual(await guarded.close());
  });

  it('changes nothing when the row is not as expected', async () => {
    await guarded.close();
    await expect(
      moveOwnership(guarded.pair.legacyPool, guarded.pair.group.name, {
        from: legacyAt(1n),
        to: legacyAt(3n),
        timeoutMs: 500,
      }),
    ).rejects.toMatchObject({ code: 'fenced' });
    expect(await readOwnership(guarded.pair.legacyPool, guarded.pair.group.name)).toMatchObject(
      serviceAt(2n),
    );
  });

  it('only one of many at once wins', async () => {
    const results = await Promise.allSettled(
      [3n, 4n, 5n, 6n].map((epoch) =>
        moveOwnership(guarded.pair.legacyPool, guarded.pair.group.name, {
          from: legacyAt(1n),
          to: serviceAt(epoch),
          timeoutMs: 3_000,
        }),
      ),
    );
    expect(results.filter((result) => result.status === 'fulfilled')).toHaveLength(1);
  });

  it('a beat counts as applied only at its epoch and number, or later', async () => {
    const wanted = await guarded.close();
    const applied = () => isApplied(guarded.pair.servicePool, guarded.pair.group.name, 'forward', wanted);
    expect(await applied()).toBe(false);
    const put = (n: bigint, epoch: bigint) =>
      guarded.pair.servicePool.query(
        `insert into matapalo.checkpoint (group_name, direction, beat_n, beat_epoch) values ($1, 'forward', $2, $3)
         on conflict (group_name, direction) do update set beat_n = excluded.beat_n, beat_epoch = excluded.beat_epoch`,
        [guarded.pair.group.name, n.toString(), epoch.toString()],
      );
    await put(wanted.n + 5n, wanted.epoch - 1n);
    expect(await applied()).toBe(false);
    await put(wanted.n, wanted.epoch);
    expect(await applied()).toBe(true);
  });
});
