import type pg from 'pg';
import { MatapaloError } from '#kernel/errors.ts';
import { fieldOffsets, kindUnchanged, textAt } from '../capture/tuple.ts';
import { ColumnArray } from './column-array.ts';
import type { RoundTrip } from './round-trip.ts';
import type { MergedSegment, RekeySegment, RowState, Segment, TruncateSegment } from './merge.ts';
import type { SourceTable } from './source-table.ts';
import type { FlowStatements, SetStatement } from './statements.ts';

/** How a flow's rows are written; kept for as long as the session lives. */
export interface FlowWriter {
  statements: FlowStatements;
  /** The target is referenced by a foreign key of another table, so that TRUNCATE is refused. */
  referenced: boolean;
  /** Where the target must hold all of a source's row: asked before each write. */
  roundTrip: RoundTrip | undefined;
}

export type Writers = ReadonlyMap<string, FlowWriter>;

/** `set` applies each table's rows at once; `parked` first takes rows out, so that they may exchange unique values. */
export type WriteMode = 'set' | 'parked';

interface Image {
  bytes: Buffer;
  at: number;
}

const fields: number[] = [];
const pool: ColumnArray[] = [];

/**
 * Writes a segment inside the caller's transaction. Deletes come first, then rows of anchors, then entries that only fill columns:
 * within a segment no order is needed otherwise, because each row occurs once and the replica role checks no foreign key.
 * Throws `conflict` where an image that cannot make a row finds none.
 */
export async function writeSegment(
  db: pg.ClientBase,
  writers: Writers,
  segment: Segment,
  mode: WriteMode,
): Promise<void> {
  if (segment.kind === 'merged') return writeMerged(db, writers, segment, mode);
  if (segment.kind === 'rekey') return writeRekey(db, writers, segment);
  return writeTruncate(db, writers, segment);
}

async function writeMerged(
  db: pg.ClientBase,
  writers: Writers,
  segment: MergedSegment,
  mode: WriteMode,
): Promise<void> {
  const work: { writer: FlowWriter; table: SourceTable; bit: number; states: RowState[] }[] = [];
  for (const { table, rows } of segment.tables.values()) {
    const states = [...rows.values()];
    table.flows.forEach((flow, place) =>
      work.push({ writer: writerOf(writers, flow.id), table, bit: 1 << place, states }),
    );
  }
  for (const { writer, table, bit, states } of work) {
    const { statements } = writer;
    const anchor = statements.flow.anchor;
    const gone = states.filter(
      (row) => (row.flows & bit) !== 0 && (row.action === 'delete' || (anchor && row.action === 'replace')),
    );
    if (gone.length > 0) await run(db, anchor ? statements.delete() : statements.clear(), table, gone);
  }
  work.sort((a, b) => Number(b.writer.statements.flow.anchor) - Number(a.writer.statements.flow.anchor));
  for (const { writer, table, bit, states } of work) {
    const { statements, roundTrip } = writer;
    const whole: RowState[] = [];
    const partial = new Map<string, { missing: string[]; rows: RowState[] }>();
    for (const row of states) {
      if ((row.flows & bit) === 0 || row.action === 'delete') continue;
      const missing = row.partial ? missingOf(row, table, statements) : [];
      if (missing.length === 0 && statements.flow.anchor) whole.push(row);
      else {
        const id = missing.join(' ');
        const group = partial.get(id);
        if (group) group.rows.push(row);
        else partial.set(id, { missing, rows: [row] });
      }
    }
    if (roundTrip !== undefined) {
      if (whole.length > 0) await refuseLossy(db, roundTrip, [], table, whole);
      for (const { missing, rows } of partial.values())
        await refuseLossy(db, roundTrip, missing, table, rows);
    }
    if (mode === 'parked') {
      if (whole.length > 0) await run(db, statements.move([]), table, whole, whole);
      for (const { missing, rows } of partial.values()) {
        await expectAll(db, statements.move(missing), table, rows, rows);
      }
    } else {
      for (const { missing, rows } of partial.values()) {
        await expectAll(db, statements.update(missing), table, rows);
      }
    }
    if (whole.length > 0) await run(db, statements.merge(), table, whole);
  }
}

async function writeRekey(db: pg.ClientBase, writers: Writers, segment: RekeySegment): Promise<void> {
  const { table } = segment;
  const old: Image = { bytes: segment.oldBytes, at: segment.oldAt };
  const now: Image = { bytes: segment.bytes, at: segment.at };
  for (const [place, flow] of table.flows.entries()) {
    if ((segment.flows & (1 << place)) === 0) continue;
    const { statements, roundTrip } = writerOf(writers, flow.id);
    const missing = segment.partial ? missingOf(now, table, statements) : [];
    if (roundTrip !== undefined) await refuseLossy(db, roundTrip, missing, table, [now]);
    const moved = await run(db, statements.move(missing), table, [now], [old]);
    if (moved === 1) continue;
    if (missing.length > 0 || !flow.anchor) throw noRow(statements, table);
    await run(db, statements.merge(), table, [now]);
  }
}

async function writeTruncate(db: pg.ClientBase, writers: Writers, segment: TruncateSegment): Promise<void> {
  for (const table of segment.tables) {
    for (const flow of table.flows) {
      const writer = writerOf(writers, flow.id);
      await db.query(writer.statements.truncate(writer.referenced));
    }
  }
}

function writerOf(writers: Writers, flow: string): FlowWriter {
  const writer = writers.get(flow);
  if (writer === undefined) throw new MatapaloError('internal', `There is no writer for ${flow}.`);
  return writer;
}

/** The flow's columns whose values the image lacks. */
function missingOf(row: Image, table: SourceTable, statements: FlowStatements): string[] {
  fieldOffsets(row.bytes, row.at, fields);
  return statements.flow.reads
    .map((read) => read.name)
    .filter((name) => row.bytes[fields[table.places.get(name) ?? -1] ?? -1] === kindUnchanged);
}

async function expectAll(
  db: pg.ClientBase,
  statement: SetStatement,
  table: SourceTable,
  rows: readonly Image[],
  old?: readonly Image[],
): Promise<void> {
  const written = await run(db, statement, table, rows, old);
  if (written !== rows.length) {
    throw new MatapaloError(
      'conflict',
      `${rows.length - written} of ${rows.length} changes of ${table.relation.schema}.${table.relation.table} found no row in the target to change.`,
      { hint: 'The target lacks a row that it should have: run `matapalo verify`, then `matapalo repair`.' },
    );
  }
}

/** Throws `lossy-row` where a row would not come back the same: nothing of the batch is written then. */
async function refuseLossy(
  db: pg.ClientBase,
  roundTrip: RoundTrip,
  missing: readonly string[],
  table: SourceTable,
  rows: readonly Image[],
): Promise<void> {
  const statement = roundTrip.lossy(missing);
  if (statement === undefined) return;
  const { rows: lossy } = await query<{ key: string[]; columns: string[] }>(db, statement, table, rows, []);
  const first = lossy[0];
  if (first === undefined) return;
  const name = `${table.relation.schema}.${table.relation.table}`;
  throw new MatapaloError(
    'lossy-row',
    `The row ${first.key.join(', ')} of ${name} has values that the other side cannot hold: ${first.columns.join(', ')} would not come back the same.`,
    {
      hint: 'Correct the row in the service, or the mapping or the legacy column, and keep such values out with a CHECK on the service table.',
      extra: { table: name, key: first.key, columns: first.columns },
    },
  );
}

function noRow(statements: FlowStatements, table: SourceTable): MatapaloError {
  return new MatapaloError(
    'conflict',
    `A change of key in ${table.relation.schema}.${table.relation.table} found no row in ${statements.flow.target.ref.name}.`,
    { hint: 'The target lacks a row that it should have: run `matapalo verify`, then `matapalo repair`.' },
  );
}

async function run(
  db: pg.ClientBase,
  statement: SetStatement,
  table: SourceTable,
  rows: readonly Image[],
  old: readonly Image[] = [],
): Promise<number> {
  return (await query(db, statement, table, rows, old)).rowCount ?? 0;
}

function query<R extends pg.QueryResultRow>(
  db: pg.ClientBase,
  statement: SetStatement,
  table: SourceTable,
  rows: readonly Image[],
  old: readonly Image[],
): Promise<pg.QueryResult<R>> {
  const total = statement.reads.length + statement.oldReads.length;
  while (pool.length < total) pool.push(new ColumnArray());
  const arrays = pool.slice(0, total);
  for (const array of arrays) array.reset();
  fillArrays(arrays, 0, statement.reads, table, rows);
  if (statement.oldReads.length > 0) {
    fillArrays(arrays, statement.reads.length, statement.oldReads, table, old);
  }
  return db.query<R>({
    name: statement.name,
    text: statement.text,
    values: arrays.map((array) => array.value()),
  });
}

function fillArrays(
  arrays: readonly ColumnArray[],
  first: number,
  reads: readonly string[],
  table: SourceTable,
  rows: readonly Image[],
): void {
  const places = reads.map((name) => table.places.get(name) ?? -1);
  for (const row of rows) {
    fieldOffsets(row.bytes, row.at, fields);
    for (let i = 0; i < places.length; i++) arrays[first + i]!.push(row.bytes, fields[places[i]!]!);
  }
}

/** The key of an image as text, for messages and filters. */
export function keyTexts(table: SourceTable, columns: readonly string[], row: Image): string[] {
  fieldOffsets(row.bytes, row.at, fields);
  return columns.map((name) => textAt(row.bytes, fields[table.places.get(name) ?? -1] ?? 0) ?? '');
}
