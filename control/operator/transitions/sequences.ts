import type { Queryable } from '#kernel/db/pool.ts';
import { tableName } from '#kernel/db/sql.ts';
import type { Side } from '#plan/phase.ts';

export interface SequencePair {
  legacy: string;
  service: string;
}

export interface SequenceState {
  lastValue: bigint;
  increment: bigint;
  /** Values that a session may have set aside beyond the last one it used. */
  cache: bigint;
}

/** Reads each sequence: where it stands and how far sessions may run ahead of what they used. */
export async function readSequences(
  db: Queryable,
  names: readonly string[],
): Promise<Map<string, SequenceState>> {
  const found = new Map<string, SequenceState>();
  if (names.length === 0) return found;
  const { rows } = await db.query<{ name: string; last: string; increment: string; cache: string }>(
    names
      .map(
        (_name, i) =>
          `select $${i + 1}::text as name, coalesce(pg_sequence_last_value(s.seqrelid), s.seqstart)::text as last,
                  s.seqincrement::text as increment, s.seqcache::text as cache
             from pg_sequence s where s.seqrelid = $${i + 1}::regclass`,
      )
      .join(' union all '),
    names.map(tableName),
  );
  for (const [index, row] of rows.entries()) {
    const name = names.find((candidate) => tableName(candidate) === row.name) ?? names[index] ?? row.name;
    found.set(name, {
      lastValue: BigInt(row.last),
      increment: BigInt(row.increment),
      cache: BigInt(row.cache),
    });
  }
  return found;
}

/** The value from which the target may go on: past all that the source gave out or set aside. Pure. */
export function nextValue(source: SequenceState, target: SequenceState): bigint {
  const margin = source.increment * source.cache + source.increment;
  const wanted = source.lastValue + margin;
  if (source.increment < 0n) return wanted < target.lastValue ? wanted : target.lastValue;
  return wanted > target.lastValue ? wanted : target.lastValue;
}

/** Raises the target's sequences past the source's; the source is closed, so its values stand still. */
export async function raiseSequences(
  source: Queryable,
  target: Queryable,
  pairs: readonly SequencePair[],
  from: Side,
): Promise<{ sequence: string; value: string }[]> {
  if (pairs.length === 0) return [];
  const to: Side = from === 'legacy' ? 'service' : 'legacy';
  const [sources, targets] = await Promise.all([
    readSequences(
      source,
      pairs.map((pair) => pair[from]),
    ),
    readSequences(
      target,
      pairs.map((pair) => pair[to]),
    ),
  ]);
  const raised: { sequence: string; value: string }[] = [];
  for (const pair of pairs) {
    const sourceState = sources.get(pair[from]);
    const targetState = targets.get(pair[to]);
    if (sourceState === undefined || targetState === undefined)
      throw new Error(`A sequence of the pair ${pair.legacy}, ${pair.service} is gone.`);
    raised.push({ sequence: pair[to], value: nextValue(sourceState, targetState).toString() });
  }
  await target.query(
    `select ${raised.map((_, i) => `setval($${2 * i + 1}::regclass, $${2 * i + 2}::bigint)`).join(', ')}`,
    raised.flatMap(({ sequence, value }) => [tableName(sequence), value]),
  );
  return raised;
}
