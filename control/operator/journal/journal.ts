import type pg from 'pg';
import { MatapaloError } from '#kernel/errors.ts';
import type { Queryable } from '#kernel/db/pool.ts';

export interface JournalEntry {
  seq: number;
  step: string;
  detail: Record<string, unknown>;
  at: Date;
}

/**
 * Writes one step, in the caller's transaction when it has one. The leadership row is locked and compared in the same
 * statement: a newer term either waits for us, or makes this throw `not-leader` with nothing written.
 */
export async function append(
  db: Queryable,
  term: bigint,
  transition: string,
  step: string,
  detail: Record<string, unknown> = {},
): Promise<void> {
  const { rowCount } = await db.query(
    `with lead as (select term from leadership where term = $1 for share)
     insert into journal (transition_id, seq, step, detail)
     select $2, coalesce((select max(seq) from journal where transition_id = $2), 0) + 1, $3, $4 from lead`,
    [term.toString(), transition, step, JSON.stringify(detail)],
  );
  if (rowCount !== 1) throw outdated();
}

/** Locks the leadership row for the rest of the transaction; throws `not-leader` when the term is not the newest. */
export async function requireTerm(client: pg.PoolClient, term: bigint): Promise<void> {
  const { rowCount } = await client.query('select from leadership where term = $1 for share', [
    term.toString(),
  ]);
  if (rowCount !== 1) throw outdated();
}

function outdated(): MatapaloError {
  return new MatapaloError('not-leader', 'Another operator has taken the lead.', {
    hint: 'It finishes or undoes what was running: see `matapalo history`.',
  });
}

export async function readJournal(db: Queryable, transition: string): Promise<JournalEntry[]> {
  const { rows } = await db.query<JournalEntry>(
    'select seq, step, detail, at from journal where transition_id = $1 order by seq',
    [transition],
  );
  return rows;
}
