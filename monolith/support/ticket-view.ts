import { rows, type Sql } from '../db/sql.ts';
import { notFound } from '../http/problem.ts';
import { breachesOf, type BreachKind, type Clock } from './sla.ts';
import {
  authorOf,
  kindOf,
  priorityOf,
  statusOf,
  type Author,
  type AuthorCode,
  type KindCode,
  type Priority,
  type StatusCode,
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
  sla: {
    responseDueAt: string;
    respondedAt: string | null;
    resolutionDueAt: string;
    resolvedAt: string | null;
    pausedAt: string | null;
    breached: BreachKind[];
  };
  createdAt: string;
  updatedAt: string;
}

export interface Attachment {
  id: number;
  name: string;
  type: string;
  size: number;
  sha256: string;
}

export interface Message {
  id: number;
  author: Author;
  userId: number | null;
  body: string;
  attachments: Attachment[];
  createdAt: string;
}

export interface TicketRow {
  tkt_id: number;
  usr_id: number;
  ord_id: number | null;
  kind_cd: KindCode;
  stat_cd: StatusCode;
  prio_no: number;
  subj: string;
  agt_id: number | null;
  ver_no: number;
  rsp_due_dt: Date;
  rsp_dt: Date | null;
  res_due_dt: Date;
  res_dt: Date | null;
  paus_dt: Date | null;
  crt_dt: Date;
  upd_dt: Date;
  now: Date;
}

export const ticketColumns = `tkt_id, usr_id, ord_id, kind_cd, stat_cd, prio_no, subj, agt_id, ver_no::int as ver_no,
  rsp_due_dt, rsp_dt, res_due_dt, res_dt, paus_dt, crt_dt, upd_dt, now() as now`;

export const clockOf = (ticket: TicketRow): Clock => ({
  responseDueAt: ticket.rsp_due_dt,
  respondedAt: ticket.rsp_dt,
  resolutionDueAt: ticket.res_due_dt,
  resolvedAt: ticket.res_dt,
  pausedAt: ticket.paus_dt,
});

export function ticketOf(ticket: TicketRow): Ticket {
  const clock = clockOf(ticket);
  return {
    id: ticket.tkt_id,
    customerId: ticket.usr_id,
    orderId: ticket.ord_id,
    kind: kindOf(ticket.kind_cd),
    status: statusOf(ticket.stat_cd),
    priority: priorityOf(ticket.prio_no),
    subject: ticket.subj,
    assigneeId: ticket.agt_id,
    sla: {
      responseDueAt: clock.responseDueAt.toISOString(),
      respondedAt: clock.respondedAt?.toISOString() ?? null,
      resolutionDueAt: clock.resolutionDueAt.toISOString(),
      resolvedAt: clock.resolvedAt?.toISOString() ?? null,
      pausedAt: clock.pausedAt?.toISOString() ?? null,
      breached: breachesOf(clock, ticket.now),
    },
    createdAt: ticket.crt_dt.toISOString(),
    updatedAt: ticket.upd_dt.toISOString(),
  };
}

export async function presentTicket(sql: Sql, id: number): Promise<Ticket> {
  const [found] = await rows<TicketRow>(sql, `select ${ticketColumns} from tkt where tkt_id = $1`, [id]);
  if (found === undefined) throw notFound(`ticket ${id}`);
  return ticketOf(found);
}

interface MessageRow {
  msg_id: number;
  auth_cd: AuthorCode;
  usr_id: number | null;
  body: string;
  attachments: Attachment[];
  crt_dt: Date;
}

/** All of a ticket, oldest first, or one of them. */
export async function messagesOf(sql: Sql, ticketId: number, messageId?: number): Promise<Message[]> {
  const found = await rows<MessageRow>(
    sql,
    `select m.msg_id, m.auth_cd, m.usr_id, m.body, m.crt_dt,
       coalesce((select json_agg(json_build_object('id', a.att_id, 'name', a.file_nm, 'type', a.mime_cd,
         'size', a.byt_cnt, 'sha256', a.sha_hsh) order by a.att_id) from tkt_att a where a.msg_id = m.msg_id), '[]')
         as attachments
     from tkt_msg m where m.tkt_id = $1 and ($2::int is null or m.msg_id = $2) order by m.msg_id`,
    [ticketId, messageId ?? null],
  );
  return found.map((message) => ({
    id: message.msg_id,
    author: authorOf(message.auth_cd),
    userId: message.usr_id,
    body: message.body,
    attachments: message.attachments,
    createdAt: message.crt_dt.toISOString(),
  }));
}
