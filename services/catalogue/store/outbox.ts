import type { DomainEvent } from '../rules/event.ts';
import type { Sql } from './sql.ts';

/**
 * Events become visible with the change that they tell of, or not at all: they share its transaction. Only the
 * service's own API calls this; rows that synchronisation applies tell nothing.
 */
export async function publish(sql: Sql, events: readonly DomainEvent[]): Promise<void> {
  if (events.length === 0) return;
  await sql.query(
    `insert into outbox (aggregate_type, aggregate_id, type, payload)
     select "aggregateType", "aggregateId", type, payload
     from jsonb_to_recordset($1::jsonb) as event ("aggregateType" text, "aggregateId" text, type text, payload jsonb)`,
    [JSON.stringify(events)],
  );
}
