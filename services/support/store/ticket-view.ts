import { rows, type Sql } from '#kernel/db/statements.ts';
import { noTicket } from '../rules/refusal.ts';
import { breachesOf, type BreachKind, type Clock } from '../rules/sla.ts';
import type { Author, Priority, TicketKind, TicketStatus } from '../rules/ticket.ts';

export interface TicketView {
  id: number;
  customerId: number;
  orderId: number | null;
  kind: TicketKind;
  status: TicketStatus;
  priority: Priority;
  subject: string;
  assigneeId: number | null;
  sla: Record<'responseDueAt' | 'resolutionDueAt', string> &
    Record<'respondedAt' | 'resolvedAt' | 'pausedAt', string | null> & { breached: BreachKind[] };
  createdAt: string;
  updatedAt: string;
}

export interface AttachmentView {
  id: number;
  name: string;
  type: string;
  size: number;
  sha256: string;
}

export interface MessageView {
  id: number;
  author: Author;
  userId: number | null;
  body: string;
  attachments: AttachmentView[];
  createdAt: string;
}

/** A ticket with its clock, as they are stored, and the database's time. */
export interface Ticket extends Clock {
  id: number;
  customerId: number;
  orderId: number | null;
  kind: TicketKind;
  status: TicketStatus;
  priority: Priority;
  subject: string;
  assigneeId: number | null;
  version: number;
  createdAt: Date;
  updatedAt: Date;
  now: Date;
}

export const selectTickets = `
  select t.id, t.customer_id as "customerId", t.order_id as "orderId", t.kind::text as kind, t.status::text as status,
    t.priority::text as priority, t.subject, t.assignee_id as "assigneeId", t.version::int as version,
    t.created_at as "createdAt", t.updated_at as "updatedAt", c.response_due_at as "responseDueAt",
    c.responded_at as "respondedAt", c.resolution_due_at as "resolutionDueAt", c.resolved_at as "resolvedAt",
    c.paused_at as "pausedAt", now() as now
  from tickets t join ticket_clocks c on c.ticket_id = t.id`;

const isoOf = (at: Date | null) => at?.toISOString() ?? null;

export const viewOf = (ticket: Ticket): TicketView => ({
  id: ticket.id,
  customerId: ticket.customerId,
  orderId: ticket.orderId,
  kind: ticket.kind,
  status: ticket.status,
  priority: ticket.priority,
  subject: ticket.subject,
  assigneeId: ticket.assigneeId,
  sla: {
    responseDueAt: ticket.responseDueAt.toISOString(),
    respondedAt: isoOf(ticket.respondedAt),
    resolutionDueAt: ticket.resolutionDueAt.toISOString(),
    resolvedAt: isoOf(ticket.resolvedAt),
    pausedAt: isoOf(ticket.pausedAt),
    breached: breachesOf(ticket, ticket.now),
  },
  createdAt: ticket.createdAt.toISOString(),
  updatedAt: ticket.updatedAt.toISOString(),
});

export async function findTicket(sql: Sql, id: number): Promise<Ticket> {
  const [found] = await rows<Ticket>(sql, `${selectTickets} where t.id = $1`, [id]);
  if (found === undefined) throw noTicket(id);
  return found;
}

/** All of a ticket, oldest first, or one of them. */
export async function messagesOf(sql: Sql, ticketId: number, messageId?: number): Promise<MessageView[]> {
  const found = await rows<Omit<MessageView, 'createdAt'> & { createdAt: Date }>(
    sql,
    `select m.id, m.author::text as author, m.user_id as "userId", m.body,
       coalesce((select json_agg(json_build_object('id', a.id, 'name', a.file_name, 'type', a.media_type,
         'size', a.size_bytes, 'sha256', encode(a.sha256, 'hex')) order by a.id)
         from attachments a where a.message_id = m.id), '[]') as attachments,
       m.created_at as "createdAt"
     from messages m where m.ticket_id = $1 and ($2::int is null or m.id = $2) order by m.id`,
    [ticketId, messageId ?? null],
  );
  return found.map((message) => ({ ...message, createdAt: message.createdAt.toISOString() }));
}
