import { errorCodeOf } from '#kernel/errors.ts';
import { Refusal } from '../rules/refusal.ts';
import { rows, type Sql } from './sql.ts';

/** Answers whether this database may be written by the service's own API and jobs. */
export type OwnsCatalogue = (sql: Sql) => Promise<boolean>;

/**
 * Reads the owner view that the strangler keeps beside the tables. No schema or no row means: not ours yet. The answer
 * only spares doomed work; what fences a write is the trigger on its table.
 */
export function ownershipFromView(group: string): OwnsCatalogue {
  return async (sql) => {
    try {
      const [row] = await rows<{ owner: string }>(
        sql,
        'select owner from matapalo.owner where group_name = $1',
        [group],
      );
      return row?.owner === 'service';
    } catch (error) {
      // 42P01: no such view; 3F000: no such schema. Nobody has given us the group.
      const code = errorCodeOf(error);
      if (code === '42P01' || code === '3F000') return false;
      throw error;
    }
  };
}

/** For a catalogue that runs without a monolith beside it. A guard on its tables, where there is one, still decides. */
export const ownsAlone: OwnsCatalogue = async () => true;

export function notOwner(cause?: unknown): Refusal {
  return new Refusal('not-owner', 'The catalogue is owned by the other side now; try again.', {}, cause);
}
