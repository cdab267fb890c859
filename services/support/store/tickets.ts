import { publish } from '#kernel/db/outbox.ts';
import { rows, type Sql } from '#kernel/db/statements.ts';
import { ticketEvent, type TicketEventType } from '../rules/event.ts';
import { noTicket, refuse } from '../rules/refusal.ts';
import { answered, clockIn, reprioritised, startClock, type Clock } from '../rules/sla.ts';
import {
  afterMessage,
  firstPriority,
  mayMove,
  type Author,
  type Priority,
  type TicketKind,
  type TicketStatus,
} from '../rules/ticket.ts';
import { findTicket, messagesOf, type AttachmentView, type MessageView, type Ticket } from './ticket-view.ts';

export type NewAttachment = Omit<AttachmentView, 'id'>;

export interface NewTicket {
  customerId: number;
  kind: TicketKind;
  subject: string;
  message: string;
  attachments: readonly NewAttachment[];
  orderId: number | undefined;
  /** What the bot says to it, when it is sure. */
  botReply: string | undefined;
}

export async function openTicket(sql: Sql, wanted: NewTicket): Promise<Ticket> {
  const status = wanted.botReply === undefined ? 'new' : 'waiting';
  const priority = firstPriority(wanted.kind);
  const [inserted] = await rows<{ id: number; at: Date }>(
    sql,
    `insert into tickets (customer_id, order_id, kind, status, priority, subject)
     values ($1, $2, $3::ticket_kind, $4::ticket_status, $5::ticket_priority, $6) returning id, created_at as at`,
    [wanted.customerId, wanted.orderId ?? null, wanted.kind, status, priority, wanted.subject],
  );
  if (inserted === undefined) throw new Error('An insert gave no row.');
  const { id, at } = inserted;
  const clock = clockIn(startClock(priority, at), status, at);
  await rows(
    sql,
    'insert into ticket_clocks (ticket_id, response_due_at, resolution_due_at, paused_at) values ($1, $2, $3, $4)',
    [id, clock.responseDueAt, clock.resolutionDueAt, clock.pausedAt],
  );
  const first = { author: 'customer', userId: wanted.customerId, body: wanted.message } as const;
  await addMessage(sql, id, { ...first, attachments: wanted.attachments });
  if (wanted.botReply !== undefined)
    await addMessage(sql, id, { author: 'bot', userId: null, body: wanted.botReply, attachments: [] });
  return told(sql, id, 'ticket.opened');
}

export interface NewMessage {
  author: Author;
  userId: number | null;
  body: string;
  attachments: readonly NewAttachment[];
}

async function addMessage(
  sql: Sql,
  ticketId: number,
  { author, userId, body, attachments }: NewMessage,
): Promise<MessageView> {
  const [inserted] = await rows<{ id: number }>(
    sql,
    `insert into messages (ticket_id, author, user_id, body) values ($1, $2::message_author, $3, $4) returning id`,
    [ticketId, author, userId, body],
  );
  for (const { name, type, size, sha256 } of attachments) {
    await rows(
      sql,
      `insert into attachments (message_id, file_name, media_type, size_bytes, sha256)
       values ($1, $2, $3, $4, decode($5, 'hex'))`,
      [inserted?.id, name, type, size, sha256],
    );
  }
  const [message] = await messagesOf(sql, ticketId, inserted?.id);
  if (message === undefined) throw new Error('A message that was just written is gone.');
  return message;
}

/** Locks the ticket by a write, so that a side which no longer owns it refuses, and two changes come one by one. */
async function lockTicket(sql: Sql, id: number): Promise<Ticket> {
  const touched = await rows(
    sql,
    'update tickets set updated_at = now(), version = version + 1 where id = $1 returning id',
    [id],
  );
  if (touched.length === 0) throw noTicket(id);
  return findTicket(sql, id);
}

interface Standing {
  status: TicketStatus;
  priority: Priority;
  assigneeId: number | null;
  clock: Clock;
}

async function store(sql: Sql, id: number, { status, priority, assigneeId, clock }: Standing): Promise<void> {
  await rows(
    sql,
    `update tickets set status = $2::ticket_status, priority = $3::ticket_priority, assignee_id = $4 where id = $1`,
    [id, status, priority, assigneeId],
  );
  await rows(
    sql,
    `update ticket_clocks set response_due_at = $2, responded_at = $3, resolution_due_at = $4, resolved_at = $5,
       paused_at = $6 where ticket_id = $1`,
    [id, clock.responseDueAt, clock.respondedAt, clock.resolutionDueAt, clock.resolvedAt, clock.pausedAt],
  );
}

async function told(sql: Sql, id: number, type: TicketEventType): Promise<Ticket> {
  const ticket = await findTicket(sql, id);
  await publish(sql, [ticketEvent(type, ticket)]);
  return ticket;
}

export async function writeMessage(sql: Sql, ticketId: number, written: NewMessage): Promise<MessageView> {
  const ticket = await lockTicket(sql, ticketId);
  const status = afterMessage(ticket.status, written.author);
  if (status === undefined) throw refuse('illegal-move', 'The ticket is closed; open a new one.');
  const byAgent = written.author === 'agent';
  const message = await addMessage(sql, ticketId, written);
  const at = ticket.updatedAt;
  await store(sql, ticketId, {
    status,
    priority: ticket.priority,
    assigneeId: ticket.assigneeId ?? (byAgent ? written.userId : null),
    clock: clockIn(byAgent ? answered(ticket, at) : ticket, status, at),
  });
  await told(sql, ticketId, 'ticket.replied');
  return message;
}

export interface TicketChange {
  status?: TicketStatus;
  priority?: Priority;
  assigneeId?: number | null;
}

export async function changeTicket(sql: Sql, id: number, change: TicketChange): Promise<Ticket> {
  const ticket = await lockTicket(sql, id);
  const { status = ticket.status, priority = ticket.priority } = change;
  if (!mayMove(ticket.status, status))
    throw refuse('illegal-move', `The ticket is ${ticket.status}; it cannot become ${status}.`);
  await store(sql, id, {
    status,
    priority,
    assigneeId: change.assigneeId === undefined ? ticket.assigneeId : change.assigneeId,
    clock: clockIn(reprioritised(ticket, ticket.priority, priority), status, ticket.updatedAt),
  });
  return told(sql, id, 'ticket.changed');
}
