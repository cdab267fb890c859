import { EntitySchema } from 'typeorm';
import type { AuthorCode, KindCode, StatusCode } from './ticket-rules.ts';

export interface TicketRow {
  tkt_id: number;
  usr_id: number;
  ord_id: number | null;
  kind_cd: KindCode;
  stat_cd: StatusCode;
  prio_no: number;
  subj: string;
  agt_id: number | null;
  crt_dt: Date;
  upd_dt: Date;
}

export const TicketEntity = new EntitySchema<TicketRow>({
  name: 'Ticket',
  tableName: 'tkt',
  columns: {
    tkt_id: { type: 'integer', primary: true, generated: 'increment' },
    usr_id: { type: 'integer' },
    ord_id: { type: 'integer', nullable: true },
    kind_cd: { type: 'char', length: 1 },
    stat_cd: { type: 'char', length: 1 },
    prio_no: { type: 'integer' },
    subj: { type: 'text' },
    agt_id: { type: 'integer', nullable: true },
    crt_dt: { type: 'timestamptz', default: () => 'now()' },
    upd_dt: { type: 'timestamptz', default: () => 'now()' },
  },
});

export interface MessageRow {
  msg_id: number;
  tkt_id: number;
  auth_cd: AuthorCode;
  usr_id: number | null;
  body: string;
  crt_dt: Date;
}

export const MessageEntity = new EntitySchema<MessageRow>({
  name: 'TicketMessage',
  tableName: 'tkt_msg',
  columns: {
    msg_id: { type: 'integer', primary: true, generated: 'increment' },
    tkt_id: { type: 'integer' },
    auth_cd: { type: 'char', length: 1 },
    usr_id: { type: 'integer', nullable: true },
    body: { type: 'text' },
    crt_dt: { type: 'timestamptz', default: () => 'now()' },
  },
});

export interface ArticleRow {
  art_id: number;
  ttl: string;
  body: string;
  kw: string;
}

export const ArticleEntity = new EntitySchema<ArticleRow>({
  name: 'Article',
  tableName: 'kb_art',
  columns: {
    art_id: { type: 'integer', primary: true, generated: 'increment' },
    ttl: { type: 'text' },
    body: { type: 'text' },
    kw: { type: 'text' },
  },
});
