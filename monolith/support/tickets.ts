import type { DataSource } from 'typeorm';
import { row, rows, type Sql } from '../db/sql.ts';
import { unit } from '../db/unit.ts';
import { notFound, ShopError } from '../http/problem.ts';
import { emitTicket, type TicketEventType } from './events.ts';
import { answered, clockIn, reprioritised, startClock, type Clock } from './sla.ts';
import {
  afterMessage,
  codeOfAuthor,
  codeOfKind,
  codeOfStatus,
  firstPriority,
  mayMove,
  numberOfPriority,
  type Author,
  type Priority,
  type TicketKind,
  type TicketStatus,
} from './ticket-rules.ts';
import {
  clockOf,
  messagesOf,
  ticketColumns,
  ticketOf,
  type Attachment,
  type Message,
  type Ticket,
  type TicketRow,
} from './ticket-view.ts';

export type NewAttachment = Omit<Attachment, 'id'>;

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

export async function openTicket(db: DataSource, wanted: NewTicket): Promise<Ticket> {
  return unit(db, async (tx) => {
    const status = wanted.botReply === undefined ? 'new' : 'waiting';
    const priority = firstPriority(wanted.kind);
    const inserted = await row<{ tkt_id: number; crt_dt: Date }>(
      tx,
      `insert into tkt (usr_id, ord_id, kind_cd, stat_cd, prio_no, subj) values ($1, $2, $3, $4, $5, $6)
       returning tkt_id, crt_dt`,
      [
        wanted.customerId,
        wanted.orderId ?? null,
        codeOfKind(wanted.kind),
        codeOfStatus(status),
        numberOfPriority(priority),
        wanted.subject,
      ],
    );
    if (inserted === undefined) throw new Error('An insert gave no row.');
    const { tkt_id: id, crt_dt: at } = inserted;
    await addMessage(tx, id, 'customer', wanted.customerId, wanted.message, wanted.attachments);
    if (wanted.botReply !== undefined) await addMessage(tx, id, 'bot', null, wanted.botReply, []);
    const clock = clockIn(startClock(priority, at), status, at);
    return store(tx, id, { status, priority, assigneeId: null, clock }, 'ticket.opened');
  });
}

async function addMessage(
  tx: Sql,
  ticketId: number,
  author: Author,
  userId: number | null,
  body: string,
  attachments: readonly NewAttachment[],
): Promise<Message> {
  const inserted = await row<{ msg_id: number }>(
    tx,
    'insert into tkt_msg (tkt_id, auth_cd, usr_id, body) values ($1, $2, $3, $4) returning msg_id',
    [ticketId, codeOfAuthor(author), userId, body],
  );
  for (const { name, type, size, sha256 } of attachments) {
    await tx.query(
      'insert into tkt_att (msg_id, file_nm, mime_cd, byt_cnt, sha_hsh) values ($1, $2, $3, $4, $5)',
      [inserted?.msg_id, name, type, size, sha256],
    );
  }
  const [message] = await messagesOf(tx, ticketId, inserted?.msg_id);
  if (message === undefined) throw new Error('A message that was just written is gone.');
  return message;
}

interface Standing {
  status: TicketStatus;
  priority: Priority;
  assigneeId: number | null;
  clock: Clock;
}

async function store(tx: Sql, id: number, now: Standing, type: TicketEventType): Promise<Ticket> {
  const { status, priority, assigneeId, clock } = now;
  const stored = await row<TicketRow>(
    tx,
    `update tkt set stat_cd = $2, prio_no = $3, agt_id = $4, rsp_due_dt = $5, rsp_dt = $6, res_due_dt = $7,
       res_dt = $8, paus_dt = $9 where tkt_id = $1 returning ${ticketColumns}`,
    [
      id,
      codeOfStatus(status),
      numberOfPriority(priority),
      assigneeId,
      clock.responseDueAt,
      clock.respondedAt,
      clock.resolutionDueAt,
      clock.resolvedAt,
      clock.pausedAt,
    ],
  );
  if (stored === undefined) throw notFound(`ticket ${id}`);
  const ticket = ticketOf(stored);
  await emitTicket(tx, type, { ...ticket, version: stored.ver_no });
  return ticket;
}

/** Locks the ticket by a write, so that a side which no longer owns it refuses, and two changes come one by one. */
async function lockTicket(tx: Sql, id: number): Promise<{ ticket: Ticket; clock: Clock; at: Date }> {
  const [touched] = await rows<TicketRow>(
    tx,
    `update tkt set upd_dt = now(), ver_no = ver_no + 1 where tkt_id = $1 returning ${ticketColumns}`,
    [id],
  );
  if (touched === undefined) throw notFound(`ticket ${id}`);
  return { ticket: ticketOf(touched), clock: clockOf(touched), at: touched.upd_dt };
}

export interface NewMessage {
  author: Author;
  userId: number;
  body: string;
  attachments: readonly NewAttachment[];
}

export async function writeMessage(
  db: DataSource,
  ticketId: number,
  { author, userId, body, attachments }: NewMessage,
): Promise<Message> {
  return unit(db, async (tx) => {
    const { ticket, clock, at } = await lockTicket(tx, ticketId);
    const status = afterMessage(ticket.status, author);
    if (status === undefined) throw new ShopError('illegal-move', 'The ticket is closed; open a new one.');
    const byAgent = author === 'agent';
    const message = await addMessage(tx, ticketId, author, userId, body, attachments);
    await store(
      tx,
      ticketId,
      {
        status,
        priority: ticket.priority,
        assigneeId: ticket.assigneeId ?? (byAgent ? userId : null),
        clock: clockIn(byAgent ? answered(clock, at) : clock, status, at),
      },
      'ticket.replied',
    );
    return message;
  });
}

export interface TicketChange {
  status?: TicketStatus;
  priority?: Priority;
  assigneeId?: number | null;
}

export async function changeTicket(db: DataSource, id: number, change: TicketChange): Promise<Ticket> {
  return unit(db, async (tx) => {
    const { ticket, clock, at } = await lockTicket(tx, id);
    const { status = ticket.status, priority = ticket.priority } = change;
    if (!mayMove(ticket.status, status)) {
      throw new ShopError('illegal-move', `The ticket is ${ticket.status}; it cannot become ${status}.`);
    }
    const assigneeId = change.assigneeId === undefined ? ticket.assigneeId : change.assigneeId;
    const moved = clockIn(reprioritised(clock, ticket.priority, priority), status, at);
    return store(tx, id, { status, priority, assigneeId, clock: moved }, 'ticket.changed');
  });
}
