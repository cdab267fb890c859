import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Marks } from './marks.ts';

/**
 * The worker's side of the law, as a model: writes commit in order; a flush publishes a mark; the worker reads the published mark, beats,
 * and everything committed before the beat is applied when it says the mark is covered.
 */
test('a client is never let go before its write is applied', () => {
  const step = fc.oneof(
    fc.record({ kind: fc.constant('write' as const), client: fc.nat(3) }),
    fc.record({ kind: fc.constant('flush' as const) }),
    fc.record({ kind: fc.constant('read-mark' as const) }),
    fc.record({ kind: fc.constant('cover' as const) }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const marks = new Marks('p');
      let written = 0;
      let published = 0;
      let beat: { mark: number; applied: number } | undefined;
      let applied = 0;
      const lastWrite = new Map<string, number>();
      for (const one of steps) {
        if (one.kind === 'write') {
          const client = String(one.client);
          lastWrite.set(client, ++written);
          marks.pin(client, ['g'], marks.touch());
        } else if (one.kind === 'flush') published = marks.flush();
        else if (one.kind === 'read-mark') beat = { mark: published, applied: written };
        else if (beat !== undefined) {
          applied = Math.max(applied, beat.applied);
          marks.adopt(new Map([['g', { p: beat.mark }]]), ['g']);
        }
        for (const [client, write] of lastWrite) {
          if (!marks.isPinned(client, 'g')) expect(write).toBeLessThanOrEqual(applied);
        }
      }
    }),
    { numRuns: 1_000 },
  );
});

test('once covered, a client is let go and forgotten', () => {
  const marks = new Marks('p');
  marks.pin('c', ['g'], marks.touch());
  const mark = marks.flush();
  marks.adopt(new Map([['g', { p: mark }]]), ['g']);
  expect(marks.isPinned('c', 'g')).toBe(false);
  expect(marks.isWaiting).toBe(false);
});

test('when there are too many clients to remember, all are pinned until the newest mark is covered', () => {
  const marks = new Marks('p');
  for (let i = 0; i < 50_001; i++) marks.pin(`c${i}`, ['g'], marks.touch());
  expect(marks.isPinned('somebody', 'g')).toBe(true);
  marks.adopt(new Map([['g', { p: marks.flush() }]]), ['g']);
  expect(marks.isPinned('somebody', 'g')).toBe(false);
});

test('waiting for the service to catch up ends with the mark, or with the time', async () => {
  const marks = new Marks('p');
  expect(await marks.caughtUp('g', 1)).toBe(false);
  const caught = marks.caughtUp('g', 10_000);
  marks.adopt(new Map([['g', { p: marks.flush() }]]), ['g']);
  expect(await caught).toBe(true);
});
