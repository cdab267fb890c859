import type pg from 'pg';
import { MatapaloError } from '#kernel/errors.ts';
import { transactionBegunBy, type Queryable } from '#kernel/db/pool.ts';

export interface JournalEntry {
  seq: number;
  step: string;
  detail: Record<string, unknown>;
  at: Date;
}

/**
 * Writes one step, or several that follow each other with no act between them, in the caller's transaction when it has one.
 * The leadership row is locked and compared in the same statement: a newer term either waits for us, or makes this throw
 * `not-leader` with nothing written.
 */
export async function append(
  db: Queryable,
  term: bigint,
  transition: string,
  step: string | readonly string[],
  detail: Record<string, unknown> = {},
): Promise<void> {
  const { rowCount } = await db.query(
    `with lead as (select term from leadership where term = $1 for share)
     insert into journal (transition_id, seq, step, detail)
     select $2, coalesce((select max(seq) from journal where transition_id = $2), 0) + new.number, new.step, $4
       from lead, unnest($3::text[]) with ordinality as new (step, number)`,
    [term.toString(), transition, [step].flat(), JSON.stringify(detail)],
  );
  if (rowCount === 0) throw outdated();
}

/** Locks the leadership row for the rest of the transaction; throws `not-leader` when the term is not the newest. */
export async function requireTerm(client: pg.PoolClient, term: bigint): Promise<void> {
  const { rowCount } = await client.query('select from leadership where term = $1 for share', [
    term.toString(),
  ]);
  if (rowCount !== 1) throw outdated();
}

/**
 * One transaction under a term, all or nothing: the leadership row is locked as it begins, in the same round trip. Throws
 * `not-leader` when the term is not the newest.
 */
export function underTerm<T>(
  pool: pg.Pool,
  term: bigint,
  work: (client: pg.PoolClient) => Promise<T>,
): Promise<T> {
  return transactionBegunBy(
    pool,
    async (client) => {
      const answers = (await client.query(
        `begin isolation level read committed; select from leadership where term = ${term} for share`,
      )) as unknown as pg.QueryResult[];
      if (answers[1]?.rowCount !== 1) throw outdated();
    },
    work,
  );
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
