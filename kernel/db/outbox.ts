import { rows, type Sql } from './statements.ts';

/** What a service lets others know. Names are past tense; a payload carries what a reader needs, no more. */
export interface DomainEvent {
  aggregateType: string;
  aggregateId: string;
  type: string;
  /** Grows with each change of the aggregate, whichever side makes it. */
  version?: number;
  payload: Record<string, unknown>;
}

/**
 * Events become visible with the change that they tell of, or not at all: they share its transaction. Only the
 * service's own API calls this; rows that synchronisation applies tell nothing.
 */
export async function publish(sql: Sql, events: readonly DomainEvent[]): Promise<void> {
  if (events.length > 0) await rows(sql, publishing('$1'), [textOf(events)]);
}

/** The same as a part of the statement that makes the change: one round trip less while its rows are locked. */
export function publishing(parameter: `$${number}`): string {
  return `insert into outbox (aggregate_type, aggregate_id, type, version, payload)
     select "aggregateType", "aggregateId", type, version, payload
     from jsonb_to_recordset(${parameter}::jsonb)
       as event ("aggregateType" text, "aggregateId" text, type text, version bigint, payload jsonb)`;
}

export function textOf(events: readonly DomainEvent[]): string {
  return JSON.stringify(events);
}
