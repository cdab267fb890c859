import { LessThan, type DataSource, type EntityManager, type FindOptionsWhere } from 'typeorm';
import { rows } from '../db/sql.ts';
import { unit } from '../db/unit.ts';
import { readIdCursor, writeIdCursor } from '../http/id-cursor.ts';
import { notFound, ShopError } from '../http/problem.ts';
import { MessageEntity, TicketEntity, type MessageRow, type TicketRow } from './entities.ts';
import {
  afterMessage,
  authorOf,
  codeOfAuthor,
  codeOfKind,
  codeOfStatus,
  firstPriority,
  kindOf,
  mayMove,
  numberOfPriority,
  priorityOf,
  statusOf,
  type Author,
  type Priority,
  type TicketKind,
  type TicketStatus,
} from './ticket-rules.ts';

export interface Ticket {
  id: number;
  customerId: number;
  orderId: number | null;
  kind: TicketKind;
  status: TicketStatus;
  priority: Priority;
  subject: string;
  assigneeId: number | null;
  createdAt: string;
  updatedAt: string;
}

export interface Message {
  id: number;
  author: Author;
  userId: number | null;
  body: string;
  createdAt: string;
}

const ticketOf = (ticket: TicketRow): Ticket => ({
  id: ticket.tkt_id,
  customerId: ticket.usr_id,
  orderId: ticket.ord_id,
  kind: kindOf(ticket.kind_cd),
  status: statusOf(ticket.stat_cd),
  priority: priorityOf(ticket.prio_no),
  subject: ticket.subj,
  assigneeId: ticket.agt_id,
  createdAt: ticket.crt_dt.toISOString(),
  updatedAt: ticket.upd_dt.toISOString(),
});

const messageOf = (message: MessageRow): Message => ({
  id: message.msg_id,
  author: authorOf(message.auth_cd),
  userId: message.usr_id,
  body: message.body,
  createdAt: message.crt_dt.toISOString(),
});

export async function presentTicket(sql: EntityManager, id: number): Promise<Ticket> {
  const found = await sql.getRepository(TicketEntity).findOneBy({ tkt_id: id });
  if (found === null) throw notFound(`ticket ${id}`);
  return ticketOf(found);
}

export async function messagesOf(sql: EntityManager, ticketId: number): Promise<Message[]> {
  const found = await sql
    .getRepository(MessageEntity)
    .find({ where: { tkt_id: ticketId }, order: { msg_id: 'ASC' } });
  return found.map(messageOf);
}

export interface TicketFilter {
  status?: TicketStatus;
  kind?: TicketKind;
  customerId?: number;
  assigneeId?: number;
  limit: number;
  cursor?: string;
}

/** The newest first. */
export async function listTickets(sql: EntityManager, filter: TicketFilter) {
  const where: FindOptionsWhere<TicketRow> = {
    ...(filter.status === undefined ? {} : { stat_cd: codeOfStatus(filter.status) }),
    ...(filter.kind === undefined ? {} : { kind_cd: codeOfKind(filter.kind) }),
    ...(filter.customerId === undefined ? {} : { usr_id: filter.customerId }),
    ...(filter.assigneeId === undefined ? {} : { agt_id: filter.assigneeId }),
    ...(filter.cursor === undefined ? {} : { tkt_id: LessThan(readIdCursor(filter.cursor)) }),
  };
  const found = await sql
    .getRepository(TicketEntity)
    .find({ where, order: { tkt_id: 'DESC' }, take: filter.limit + 1 });
  const items = found.slice(0, filter.limit).map(ticketOf);
  const last = items.at(-1);
  return {
    items,
    nextCursor: found.length > filter.limit && last !== undefined ? writeIdCursor(last.id) : null,
  };
}

export interface NewTicket {
  customerId: number;
  kind: TicketKind;
  subject: string;
  message: string;
  orderId: number | undefined;
  /** What the bot says to it, when it is sure. */
  botReply: string | undefined;
}

export async function openTicket(db: DataSource, wanted: NewTicket): Promise<Ticket> {
  return unit(db, async (tx) => {
    const inserted = await tx.getRepository(TicketEntity).insert({
      usr_id: wanted.customerId,
      ord_id: wanted.orderId ?? null,
      kind_cd: codeOfKind(wanted.kind),
      stat_cd: codeOfStatus(wanted.botReply === undefined ? 'new' : 'waiting'),
      prio_no: numberOfPriority(firstPriority(wanted.kind)),
      subj: wanted.subject,
      agt_id: null,
    });
    const id = Number(inserted.identifiers[0]?.['tkt_id']);
    await addMessage(tx, id, 'customer', wanted.customerId, wanted.message);
    if (wanted.botReply !== undefined) await addMessage(tx, id, 'bot', null, wanted.botReply);
    return presentTicket(tx, id);
  });
}

async function addMessage(
  tx: EntityManager,
  ticketId: number,
  author: Author,
  userId: number | null,
  body: string,
) {
  const inserted = await tx
    .getRepository(MessageEntity)
    .insert({ tkt_id: ticketId, auth_cd: codeOfAuthor(author), usr_id: userId, body });
  const found = await tx
    .getRepository(MessageEntity)
    .findOneByOrFail({ msg_id: Number(inserted.identifiers[0]?.['msg_id']) });
  return messageOf(found);
}

/** Locks the ticket by a write, so that a side which no longer owns it refuses, and two changes come one by one. */
async function lockTicket(tx: EntityManager, id: number): Promise<Ticket> {
  const touched = await rows(tx, 'update tkt set upd_dt = now() where tkt_id = $1 returning tkt_id', [id]);
  if (touched.length === 0) throw notFound(`ticket ${id}`);
  return presentTicket(tx, id);
}

export async function writeMessage(
  db: DataSource,
  ticketId: number,
  author: Author,
  userId: number,
  body: string,
): Promise<Message> {
  return unit(db, async (tx) => {
    const ticket = await lockTicket(tx, ticketId);
    const status = afterMessage(ticket.status, author);
    if (status === undefined) throw new ShopError('illegal-move', 'The ticket is closed; open a new one.');
    const assigneeId = ticket.assigneeId ?? (author === 'agent' ? userId : null);
    await tx
      .getRepository(TicketEntity)
      .update({ tkt_id: ticketId }, { stat_cd: codeOfStatus(status), agt_id: assigneeId });
    return addMessage(tx, ticketId, author, userId, body);
  });
}

export interface TicketChange {
  status?: TicketStatus;
  priority?: Priority;
  assigneeId?: number | null;
}

export async function changeTicket(db: DataSource, id: number, change: TicketChange): Promise<Ticket> {
  return unit(db, async (tx) => {
    const ticket = await lockTicket(tx, id);
    const status = change.status ?? ticket.status;
    if (!mayMove(ticket.status, status)) {
      throw new ShopError('illegal-move', `The ticket is ${ticket.status}; it cannot become ${status}.`);
    }
    await tx.getRepository(TicketEntity).update(
      { tkt_id: id },
      {
        stat_cd: codeOfStatus(status),
        prio_no: numberOfPriority(change.priority ?? ticket.priority),
        agt_id: change.assigneeId === undefined ? ticket.assigneeId : change.assigneeId,
      },
    );
    return presentTicket(tx, id);
  });
}
