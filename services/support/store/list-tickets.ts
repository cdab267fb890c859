import { rows, type Sql } from '#kernel/db/statements.ts';
import { readIdCursor, writeIdCursor } from '#kernel/http/id-cursor.ts';
import type { BreachKind } from '../rules/sla.ts';
import type { TicketKind, TicketStatus } from '../rules/ticket.ts';
import { selectTickets, viewOf, type Ticket, type TicketView } from './ticket-view.ts';

export interface TicketFilter {
  status?: TicketStatus;
  kind?: TicketKind;
  customerId?: number;
  assigneeId?: number;
  /** Those that are late with it. */
  breached?: BreachKind | 'any';
  limit: number;
  cursor?: string;
}

const response = 'coalesce(c.responded_at, c.paused_at, now()) > c.response_due_at';
const resolution = 'coalesce(c.resolved_at, c.paused_at, now()) > c.resolution_due_at';
const late = { response, resolution, any: `(${response} or ${resolution})` };

/** The newest first. */
export async function listTickets(
  sql: Sql,
  filter: TicketFilter,
): Promise<{ items: TicketView[]; nextCursor: string | null }> {
  const parameters: unknown[] = [];
  const value = (parameter: unknown) => `$${parameters.push(parameter)}`;
  const where = ['true'];
  if (filter.status !== undefined) where.push(`t.status = ${value(filter.status)}::ticket_status`);
  if (filter.kind !== undefined) where.push(`t.kind = ${value(filter.kind)}::ticket_kind`);
  if (filter.customerId !== undefined) where.push(`t.customer_id = ${value(filter.customerId)}`);
  if (filter.assigneeId !== undefined) where.push(`t.assignee_id = ${value(filter.assigneeId)}`);
  if (filter.breached !== undefined) where.push(late[filter.breached]);
  if (filter.cursor !== undefined) where.push(`t.id < ${value(readIdCursor(filter.cursor))}`);
  const found = await rows<Ticket>(
    sql,
    `${selectTickets} where ${where.join(' and ')} order by t.id desc limit ${value(filter.limit + 1)}`,
    parameters,
  );
  const items = found.slice(0, filter.limit).map(viewOf);
  const last = items.at(-1);
  return {
    items,
    nextCursor: found.length > filter.limit && last !== undefined ? writeIdCursor(last.id) : null,
  };
}
