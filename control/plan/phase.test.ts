import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  isSynced,
  nextPhase,
  otherSide,
  ownerIn,
  phases,
  sourceSide,
  transitionKinds,
  transitionsFrom,
  type Phase,
  type TransitionKind,
} from './phase.ts';

const phase = fc.constantFrom(...phases);
const kind = fc.constantFrom(...transitionKinds);
const walk = fc.array(kind, { maxLength: 40 });

/** Takes the moves that are possible, in order, and leaves out the others. */
function travel(moves: readonly TransitionKind[]): { from: Phase; kind: TransitionKind; to: Phase }[] {
  let at: Phase = 'legacy';
  const taken: { from: Phase; kind: TransitionKind; to: Phase }[] = [];
  for (const move of moves) {
    const to = nextPhase(at, move);
    if (to === undefined) continue;
    taken.push({ from: at, kind: move, to });
    at = to;
  }
  return taken;
}

describe('the phase machine', () => {
  it('changes the owner by switch and rollback, and by nothing else', () => {
    fc.assert(
      fc.property(walk, (moves) => {
        for (const { from, kind, to } of travel(moves)) {
          const changes = ownerIn(from) !== ownerIn(to);
          expect(changes).toBe(kind === 'switch' || kind === 'rollback');
        }
      }),
    );
  });

  it('begins and ends sync by sync, abort and retire alone', () => {
    fc.assert(
      fc.property(walk, (moves) => {
        for (const { from, kind, to } of travel(moves)) {
          if (isSynced(from) !== isSynced(to)) expect(['sync', 'abort', 'retire']).toContain(kind);
        }
      }),
    );
  });

  it('never switches a group that was not compared in shadow first', () => {
    fc.assert(
      fc.property(walk, (moves) => {
        const taken = travel(moves);
        const at = taken.findIndex((move) => move.kind === 'switch');
        if (at >= 0) expect(taken.slice(0, at).some((move) => move.kind === 'shadow')).toBe(true);
      }),
    );
  });

  it('always leaves a way back to legacy, until it is retired', () => {
    fc.assert(
      fc.property(phase, (start) => {
        const seen = new Set<Phase>([start]);
        const queue: Phase[] = [start];
        for (let at = queue.pop(); at !== undefined; at = queue.pop()) {
          for (const move of transitionsFrom(at)) {
            const to = nextPhase(at, move);
            if (to !== undefined && !seen.has(to)) {
              seen.add(to);
              queue.push(to);
            }
          }
        }
        expect(seen.has('legacy')).toBe(start !== 'retired');
      }),
    );
  });

  it('lists exactly the transitions that lead somewhere', () => {
    fc.assert(
      fc.property(phase, kind, (from, move) => {
        expect(transitionsFrom(from).includes(move)).toBe(nextPhase(from, move) !== undefined);
      }),
    );
  });

  it('knows two sides, and a source for each direction', () => {
    expect(otherSide(otherSide('legacy'))).toBe('legacy');
    expect(sourceSide('forward')).toBe('legacy');
    expect(sourceSide('reverse')).toBe('service');
    expect(transitionsFrom('retired')).toEqual([]);
  });
});
