import { errorCodeOf } from '../errors.ts';
import { refuse, type Refusal } from '../http/refusal.ts';
import { literal } from './sql.ts';
import { rows, type Sql } from './statements.ts';

/** How this database is asked whether the service's own API and jobs may write it. */
export interface Ownership {
  /** Gives one row with the `owner`. Undefined where there is no other side. */
  question: string | undefined;
}

/**
 * Reads the owner view that the strangler keeps beside the tables. No schema or no row means: not ours yet. The answer
 * only spares doomed work; what fences a write is the trigger on its table.
 */
export function ownershipFromView(group: string): Ownership {
  return { question: `select owner from matapalo.owner where group_name = ${literal(group)}` };
}

/** For a service that runs without a monolith beside it. A guard on its tables, where there is one, still decides. */
export const ownsAlone: Ownership = { question: undefined };

/** Whose it is as far as this database knows. */
export async function ownerNow(sql: Sql, { question }: Ownership): Promise<'us' | 'them' | 'nobody'> {
  if (question === undefined) return 'us';
  try {
    const answer = await rows(sql, question);
    if (answer.length === 0) return 'nobody';
    return saysOurs(answer) ? 'us' : 'them';
  } catch (error) {
    if (isUnknown(error)) return 'nobody';
    throw error;
  }
}

export function saysOurs(answer: readonly unknown[]): boolean {
  const [row] = answer as { owner?: unknown }[];
  return row?.owner === 'service';
}

/** 42P01: no such view; 3F000: no such schema. Nobody has given us the group. */
export function isUnknown(error: unknown): boolean {
  const code = errorCodeOf(error);
  return code === '42P01' || code === '3F000';
}

export function notOwner(cause?: unknown): Refusal {
  return refuse('not-owner', 'This data is owned by the other side now; try again.', { cause });
}
