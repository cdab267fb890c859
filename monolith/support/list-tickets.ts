import { rows, type Sql } from '../db/sql.ts';
import { readIdCursor, writeIdCursor } from '../http/id-cursor.ts';
import type { BreachKind } from './sla.ts';
import { codeOfKind, codeOfStatus, type TicketKind, type TicketStatus } from './ticket-rules.ts';
import { ticketColumns, ticketOf, type TicketRow } from './ticket-view.ts';

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

const late: Record<BreachKind | 'any', string> = {
  response: 'coalesce(rsp_dt, paus_dt, now()) > rsp_due_dt',
  resolution: 'coalesce(res_dt, paus_dt, now()) > res_due_dt',
  any: '(coalesce(rsp_dt, paus_dt, now()) > rsp_due_dt or coalesce(res_dt, paus_dt, now()) > res_due_dt)',
};

/** The newest first. */
export async function listTickets(sql: Sql, filter: TicketFilter) {
  const parameters: unknown[] = [];
  const value = (parameter: unknown) => `$${parameters.push(parameter)}`;
  const where = ['true'];
  if (filter.status !== undefined) where.push(`stat_cd = ${value(codeOfStatus(filter.status))}`);
  if (filter.kind !== undefined) where.push(`kind_cd = ${value(codeOfKind(filter.kind))}`);
  if (filter.customerId !== undefined) where.push(`usr_id = ${value(filter.customerId)}`);
  if (filter.assigneeId !== undefined) where.push(`agt_id = ${value(filter.assigneeId)}`);
  if (filter.breached !== undefined) where.push(late[filter.breached]);
  if (filter.cursor !== undefined) where.push(`tkt_id < ${value(readIdCursor(filter.cursor))}`);
  const found = await rows<TicketRow>(
    sql,
    `select ${ticketColumns} from tkt where ${where.join(' and ')} order by tkt_id desc limit ${value(filter.limit + 1)}`,
    parameters,
  );
  const items = found.slice(0, filter.limit).map(ticketOf);
  const last = items.at(-1);
  return {
    items,
    nextCursor: found.length > filter.limit && last !== undefined ? writeIdCursor(last.id) : null,
  };
}
