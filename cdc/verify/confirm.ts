import type { Queryable } from '#kernel/db/pool.ts';
import { errorCodeOf, MatapaloError } from '#kernel/errors.ts';
import { transaction } from '#kernel/db/pool.ts';
import type { TableFlow } from '#plan/mapping/flow.ts';
import { keyId, type Difference } from './compare-flow.ts';
import { lookupSql, type FlowSide } from './row-sql.ts';
import { ownerEnd, type LiveSides } from './sides.ts';
import { passStream } from './stream-point.ts';

/** Keys looked at together. */
const batchKeys = 2_000;
const freeRounds = 6;
const lockRounds = 20;
const streamTimeoutMs = 30_000;

interface Found {
  hash: string;
  xmin: string;
}
type Rows = Map<string, Found>;

/**
 * Which candidates are true differences, and not changes on their way. Round by round: read the owner's rows, pass the
 * stream, read the copy's, read the owner's again. A row that the owner did not write in between (same xmin) must be equal
 * then; one that it did write is looked at again. Rows that never rest are at last held still by a share lock, for no longer
 * than the stream needs to pass.
 */
export async function confirmDifferences(
  group: string,
  flow: TableFlow,
  candidates: readonly Difference[],
  live: LiveSides,
  signal: AbortSignal,
): Promise<Difference[]> {
  const confirmed: Difference[] = [];
  for (let at = 0; at < candidates.length; at += batchKeys) {
    let pending = candidates.slice(at, at + batchKeys).map((candidate) => candidate.key);
    const absentOnce = new Set<string>();
    for (let round = 0; pending.length > 0; round++) {
      signal.throwIfAborted();
      if (round >= freeRounds + lockRounds) throw neverRest(group, flow);
      const judge = round < freeRounds ? judgeFree : judgeLocked;
      const turn = round < freeRounds ? pending : pending.slice(0, 50);
      const rest = round < freeRounds ? [] : pending.slice(50);
      const outcome = await judge(group, flow, turn, live, signal, absentOnce);
      confirmed.push(...outcome.confirmed);
      pending = [...outcome.open, ...rest];
    }
  }
  return confirmed;
}

interface Outcome {
  confirmed: Difference[];
  open: (readonly string[])[];
}

async function judgeFree(
  group: string,
  flow: TableFlow,
  keys: readonly (readonly string[])[],
  live: LiveSides,
  signal: AbortSignal,
  absentOnce: Set<string>,
): Promise<Outcome> {
  const end = ownerEnd(flow, live.owner);
  const before = await lookup(live.ownerPool, flow, end, keys);
  await passStream(group, live, signal, streamTimeoutMs);
  const copy = await lookup(live.copyPool, flow, otherEnd(end), keys);
  const after = await lookup(live.ownerPool, flow, end, keys);
  return sort(flow, keys, end, before, copy, after, absentOnce);
}

async function judgeLocked(
  group: string,
  flow: TableFlow,
  keys: readonly (readonly string[])[],
  live: LiveSides,
  signal: AbortSignal,
  absentOnce: Set<string>,
): Promise<Outcome> {
  const end = ownerEnd(flow, live.owner);
  try {
    return await transaction(live.ownerPool, async (db) => {
      await db.query("set local lock_timeout = '300ms'");
      const held = await lookup(db, flow, end, keys, true);
      await passStream(group, live, signal, 1_000);
      const copy = await lookup(live.copyPool, flow, otherEnd(end), keys);
      const after = await lookup(live.ownerPool, flow, end, keys);
      return sort(flow, keys, end, held, copy, after, absentOnce);
    });
  } catch (error) {
    const busy = errorCodeOf(error) === '55P03' || errorCodeOf(error) === '40P01';
    if (busy || (error instanceof MatapaloError && error.code === 'unavailable')) {
      return { confirmed: [], open: [...keys] };
    }
    throw error;
  }
}

function sort(
  flow: TableFlow,
  keys: readonly (readonly string[])[],
  end: FlowSide,
  before: Rows,
  copy: Rows,
  after: Rows,
  absentOnce: Set<string>,
): Outcome {
  const outcome: Outcome = { confirmed: [], open: [] };
  for (const key of keys) {
    const id = keyId(key);
    const first = before.get(id);
    const again = after.get(id);
    if (first?.xmin !== again?.xmin) {
      absentOnce.delete(id);
      outcome.open.push(key);
      continue;
    }
    const there = copy.get(id);
    if (first?.hash === there?.hash) continue;
    // A row without an xmin could have come and gone between the reads: it must be seen to lack twice.
    if (first === undefined && !absentOnce.has(id)) {
      absentOnce.add(id);
      outcome.open.push(key);
      continue;
    }
    const [source, target] = end === 'source' ? [first, there] : [there, first];
    const kind = source === undefined ? 'extra' : target === undefined ? 'missing' : 'different';
    if (kind === 'different' || flow.anchor) outcome.confirmed.push({ kind, key });
  }
  return outcome;
}

/** Rows of exactly these keys. */
async function lookup(
  db: Queryable,
  flow: TableFlow,
  end: FlowSide,
  keys: readonly (readonly string[])[],
  lock = false,
): Promise<Rows> {
  const columns = keys[0]?.map((_, index) => keys.map((key) => key[index])) ?? [];
  const { rows } = await db.query<{ key: string[]; hash: string; xmin: string }>(
    lookupSql(flow, end, { lock }),
    columns,
  );
  const wanted = new Set(keys.map(keyId));
  const found: Rows = new Map();
  for (const row of rows) {
    const id = keyId(row.key);
    const twin = found.get(id);
    if (!wanted.has(id)) continue;
    found.set(id, twin ? { hash: `${twin.hash},${row.hash}`, xmin: `${twin.xmin},${row.xmin}` } : row);
  }
  return found;
}

const otherEnd = (end: FlowSide): FlowSide => (end === 'source' ? 'target' : 'source');

function neverRest(group: string, flow: TableFlow): MatapaloError {
  return new MatapaloError(
    'unavailable',
    `Rows of ${flow.source.ref.name} are written too often to be compared.`,
    {
      hint: `Try \`matapalo verify ${group}\` again at a quieter time.`,
    },
  );
}
