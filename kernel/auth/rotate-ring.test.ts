import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { makeKey, rotateRing, type RingKey } from './rotate-ring.ts';

const options = { publishSeconds: 900, keepSeconds: 3_600 };
const kids = (ring: readonly RingKey[]) => ring.map(({ kid }) => kid);

describe('rotating a ring of keys', () => {
  test('a lone key goes on signing, and gets a successor that is published', async () => {
    const only = await makeKey(0);
    const { ring, changed } = await rotateRing([only], { nowMs: 1_000, ...options });
    expect([ring[0]?.kid, ring.length, changed]).toEqual([only.kid, 2, 'published']);
  });

  test('a key that not every verifier can know does not sign yet', async () => {
    const ring = [await makeKey(0), await makeKey(100_000)];
    await expect(rotateRing(ring, { nowMs: 999_000, ...options })).rejects.toMatchObject({
      code: 'bad-request',
      hint: expect.stringContaining('Rotate in 1 s'),
    });
    const rotated = await rotateRing(ring, { nowMs: 1_000_000, ...options });
    expect(kids(rotated.ring)[0]).toBe(ring[1]?.kid);
  });

  test('whenever it is rotated: who signs was published before, and who signed verifies as long as its tokens live', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 900, max: 5_000 }), { minLength: 1, maxLength: 6 }),
        async (pauses) => {
          let nowMs = 0;
          let ring: RingKey[] = [await makeKey(nowMs), await makeKey(nowMs)];
          const signedUntil = new Map<string, number>();
          for (const pause of pauses) {
            nowMs += pause * 1000;
            const before = ring;
            ring = (await rotateRing(ring, { nowMs, ...options })).ring;
            signedUntil.set(String(before[0]?.kid), nowMs);
            expect(kids(before)).toContain(ring[0]?.kid);
            expect(new Set(kids(ring)).size).toBe(ring.length);
            for (const [kid, untilMs] of signedUntil)
              expect(kids(ring).includes(kid)).toBe(nowMs < untilMs + options.keepSeconds * 1000);
          }
        },
      ),
      { numRuns: 15 },
    );
  });
});
