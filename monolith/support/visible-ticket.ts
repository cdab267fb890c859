import type { Caller } from '../auth/tokens.ts';
import type { Sql } from '../db/sql.ts';
import { notFound } from '../http/problem.ts';
import { worksOnTickets } from './ticket-rules.ts';
import { presentTicket, type Ticket } from './ticket-view.ts';

/** The ticket, if the caller may know of it: that another's exists is not told. */
export async function visibleTicket(
  sql: Sql,
  caller: Pick<Caller, 'roles' | 'userId'>,
  id: number,
): Promise<Ticket> {
  const ticket = await presentTicket(sql, id);
  if (!worksOnTickets(caller) && ticket.customerId !== caller.userId) throw notFound(`ticket ${id}`);
  return ticket;
}
