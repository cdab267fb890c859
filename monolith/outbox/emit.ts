import type { Sql } from '../db/sql.ts';

/** Something that happened. Names are past tense; the data carries what a reader needs, and nothing personal. */
export interface DomainEvent {
  aggregateType: string;
  aggregateId: string;
  type: string;
  /** Grows with each change of the aggregate, whichever side makes it: a reader drops what is older than it knows. */
  version: number;
  payload: Record<string, unknown>;
}

/** Tells of a change in the change's own transaction: both become visible, or neither. */
export async function emit(tx: Sql, event: DomainEvent): Promise<void> {
  await tx.query('insert into evt_out (agg_cd, agg_id, evt_cd, ver_no, data) values ($1, $2, $3, $4, $5)', [
    event.aggregateType,
    event.aggregateId,
    event.type,
    event.version,
    event.payload,
  ]);
}
