import { describe, expect, it } from 'vitest';
import { nextUndoStep, rowsOf, same, type Handover, type OwnershipRow } from './rows.ts';

/**
 * A search over every interleaving of operators that act on two ownership rows. Each step is atomic (it is one transaction
 * in one database), an operator may be paused before any of its steps for as long as it likes, and what an operator has
 * read may be stale when it acts.
 */
interface World {
  source: OwnershipRow;
  target: OwnershipRow;
  operators: readonly Actor[];
}
interface Actor {
  role: 'forward' | 'undo';
  /** Where it stands. */
  at: 'close' | 'open' | 'read' | 'act' | 'end';
  /** What the undoing operator read. */
  seen?: { target: OwnershipRow; source: OwnershipRow };
}
type Variant = 'both' | 'compare-and-set-only' | 'fence-only';

const handover: Handover = { from: 'legacy', to: 'service', epoch: 4n };
const { begun, moved, restored } = rowsOf(handover);

function step(world: World, index: number, variant: Variant): World[] {
  const actor = world.operators[index];
  if (actor === undefined || actor.at === 'end') return [];
  const become = (change: Partial<World>, next: Actor): World => ({
    ...world,
    ...change,
    operators: world.operators.map((other, i) => (i === index ? next : other)),
  });
  // Without the compare-and-set an operator trusts what it remembers.
  const cas = variant !== 'fence-only';
  switch (actor.at) {
    case 'close':
      if (cas && !same(world.source, begun)) return [become({}, { role: 'undo', at: 'read' })];
      // The answer may be lost after the fact: then it undoes.
      return [
        become({ source: moved }, { ...actor, at: 'open' }),
        become({ source: moved }, { role: 'undo', at: 'read' }),
      ];
    case 'open':
      if (cas && !same(world.target, begun)) return [become({}, { role: 'undo', at: 'read' })];
      return [
        become({ target: moved }, { ...actor, at: 'end' }),
        become({ target: moved }, { role: 'undo', at: 'read' }),
        // Catching up timed out: nothing was opened.
        become({}, { role: 'undo', at: 'read' }),
      ];
    case 'read':
      return [become({}, { ...actor, at: 'act', seen: { target: world.target, source: world.source } })];
    case 'act': {
      const seen = actor.seen ?? { target: world.target, source: world.source };
      const next = nextUndoStep(handover, seen.target, seen.source);
      const again: Actor = { role: 'undo', at: 'read' };
      if (next.act === 'finish' || next.act === 'restored') return [become({}, { role: 'undo', at: 'end' })];
      if (next.act === 'foreign') return [become({}, { role: 'undo', at: 'end' })];
      if (next.act === 'fence-target') {
        if (variant === 'compare-and-set-only') {
          // Reopens the source without fencing the target first.
          return [become(same(world.source, moved) ? { source: restored } : {}, { role: 'undo', at: 'end' })];
        }
        if (cas && !same(world.target, next.expect)) return [become({}, again)];
        return [become({ target: next.set }, again)];
      }
      if (cas && !same(world.source, next.expect)) return [become({}, again)];
      return [become({ source: next.set }, again)];
    }
    default:
      return [];
  }
}

function search(operators: Actor[], variant: Variant) {
  const show = (world: World) =>
    JSON.stringify(world, (_key, value: unknown) => (typeof value === 'bigint' ? value.toString() : value));
  const start: World = { source: begun, target: begun, operators };
  const seen = new Set([show(start)]);
  const queue = [start];
  const twoOwners: World[] = [];
  const ends: World[] = [];
  for (let world = queue.pop(); world !== undefined; world = queue.pop()) {
    if (world.source.owner === handover.from && world.target.owner === handover.to) twoOwners.push(world);
    if (world.operators.every((actor) => actor.at === 'end')) ends.push(world);
    for (let index = 0; index < world.operators.length; index++) {
      for (const next of step(world, index, variant)) {
        const key = show(next);
        if (!seen.has(key)) {
          seen.add(key);
          queue.push(next);
        }
      }
    }
  }
  return { twoOwners, ends, states: seen.size };
}

const forward: Actor = { role: 'forward', at: 'close' };
const undo: Actor = { role: 'undo', at: 'read' };

describe('a handover with paused predecessors', () => {
  it.each([
    ['one that undoes itself', [forward]],
    ['a successor', [forward, undo]],
    ['two successors', [forward, undo, undo]],
  ])('never has two owners: %s', (_name, operators) => {
    const found = search(operators, 'both');
    expect(found.states).toBeGreaterThan(operators.length);
    expect(found.twoOwners).toEqual([]);
  });

  it('ends with exactly one owner, at rows that agree, once everybody has come to an end', () => {
    const { ends } = search([forward, undo, undo], 'both');
    expect(ends.length).toBeGreaterThan(0);
    for (const world of ends) {
      const agreed = same(world.source, world.target);
      expect(agreed, JSON.stringify([world.source.owner, world.target.owner])).toBe(true);
    }
  });

  it('has two owners when the target is not fenced first: the model can tell', () => {
    expect(search([forward, undo], 'compare-and-set-only').twoOwners.length).toBeGreaterThan(0);
  });

  it('has two owners when rows are written without comparing: the model can tell', () => {
    expect(search([forward, undo, undo], 'fence-only').twoOwners.length).toBeGreaterThan(0);
  });
});

describe('the next step of an undo', () => {
  it('finishes when the target is open, whatever the source says', () => {
    expect(nextUndoStep(handover, moved, moved).act).toBe('finish');
    expect(nextUndoStep(handover, moved, undefined).act).toBe('finish');
  });
  it('fences the target before it looks at the source', () => {
    expect(nextUndoStep(handover, begun, undefined)).toEqual({
      act: 'fence-target',
      expect: begun,
      set: restored,
    });
  });
  it('moves the source on even when it was never closed, so that a paused close finds another epoch', () => {
    expect(nextUndoStep(handover, restored, begun)).toEqual({
      act: 'reopen-source',
      expect: begun,
      set: restored,
    });
  });
  it('touches nothing that it does not know', () => {
    expect(nextUndoStep(handover, { owner: 'service', epoch: 99n }, begun).act).toBe('foreign');
    expect(nextUndoStep(handover, undefined, begun).act).toBe('foreign');
    expect(nextUndoStep(handover, restored, { owner: 'legacy', epoch: 2n }).act).toBe('foreign');
  });
});
