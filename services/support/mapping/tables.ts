import type { TableConfig } from '#plan/config.ts';

type Pairs = readonly (readonly [legacy: string, service: string])[];
const quoted = (value: string) => (/^\d+$/.test(value) ? value : `'${value}'`);
const cases = (column: string, pairs: Pairs) =>
  `case ${column} ${pairs.map(([from, to]) => `when ${quoted(from)} then ${quoted(to)}`).join(' ')} end`;
const turned = (pairs: Pairs): Pairs => pairs.map(([legacy, service]) => [service, legacy]);

const kinds: Pairs = [
  ['Q', 'question'],
  ['C', 'complaint'],
  ['R', 'return'],
];
const statuses: Pairs = [
  ['N', 'new'],
  ['O', 'open'],
  ['W', 'waiting'],
  ['S', 'solved'],
  ['X', 'closed'],
];
const priorities: Pairs = [
  ['1', 'low'],
  ['2', 'normal'],
  ['3', 'high'],
  ['4', 'urgent'],
];
const authors: Pairs = [
  ['C', 'customer'],
  ['A', 'agent'],
  ['B', 'bot'],
];
const returnStatuses: Pairs = [
  ['R', 'requested'],
  ['J', 'rejected'],
  ['A', 'approved'],
  ['M', 'refunded'],
  ['D', 'completed'],
  ['F', 'failed'],
];

/**
 * The tables of the monolith's support, and of this service. `tkt` feeds tickets and their clocks; in reverse both fill `tkt`,
 * and tickets decides whether the row exists. What this service learns of orders, of erasures and of events it has heard is its
 * own, and is not here.
 */
export const supportTables: readonly TableConfig[] = [
  {
    legacy: 'tkt',
    service: 'tickets',
    anchor: true,
    forward: {
      id: 'tkt_id',
      customer_id: 'usr_id',
      order_id: 'ord_id',
      kind: cases('kind_cd', kinds),
      status: cases('stat_cd', statuses),
      priority: cases('prio_no', priorities),
      subject: 'subj',
      assignee_id: 'agt_id',
      version: 'ver_no',
      created_at: 'crt_dt',
      updated_at: 'upd_dt',
    },
    reverse: {
      tkt_id: 'id',
      usr_id: 'customer_id',
      ord_id: 'order_id',
      kind_cd: cases('kind', turned(kinds)),
      stat_cd: cases('status', turned(statuses)),
      prio_no: cases('priority', turned(priorities)),
      subj: 'subject',
      agt_id: 'assignee_id',
      ver_no: 'version',
      crt_dt: 'created_at',
      upd_dt: 'updated_at',
    },
  },
  {
    legacy: 'tkt',
    service: 'ticket_clocks',
    forward: {
      ticket_id: 'tkt_id',
      response_due_at: 'rsp_due_dt',
      responded_at: 'rsp_dt',
      resolution_due_at: 'res_due_dt',
      resolved_at: 'res_dt',
      paused_at: 'paus_dt',
    },
    reverse: {
      tkt_id: 'ticket_id',
      rsp_due_dt: 'response_due_at',
      rsp_dt: 'responded_at',
      res_due_dt: 'resolution_due_at',
      res_dt: 'resolved_at',
      paus_dt: 'paused_at',
    },
  },
  {
    legacy: 'tkt_msg',
    service: 'messages',
    forward: {
      id: 'msg_id',
      ticket_id: 'tkt_id',
      author: cases('auth_cd', authors),
      user_id: 'usr_id',
      body: 'body',
      created_at: 'crt_dt',
    },
    reverse: {
      msg_id: 'id',
      tkt_id: 'ticket_id',
      auth_cd: cases('author', turned(authors)),
      usr_id: 'user_id',
      body: 'body',
      crt_dt: 'created_at',
    },
  },
  {
    legacy: 'tkt_att',
    service: 'attachments',
    forward: {
      id: 'att_id',
      message_id: 'msg_id',
      file_name: 'file_nm',
      media_type: 'mime_cd',
      size_bytes: 'byt_cnt',
      sha256: "decode(sha_hsh, 'hex')",
    },
    reverse: {
      att_id: 'id',
      msg_id: 'message_id',
      file_nm: 'file_name',
      mime_cd: 'media_type',
      byt_cnt: 'size_bytes',
      sha_hsh: "encode(sha256, 'hex')",
    },
  },
  {
    legacy: 'ret',
    service: 'returns',
    forward: {
      id: 'ret_id',
      ticket_id: 'tkt_id',
      order_id: 'ord_id',
      customer_id: 'usr_id',
      status: cases('stat_cd', returnStatuses),
      reason: 'rsn',
      decided_by: 'dec_usr_id',
      decision_note: 'dec_note',
      refund_amount: 'rfd_cents / 100.0',
      failure: 'fail_cd',
      version: 'ver_no',
      created_at: 'crt_dt',
      updated_at: 'upd_dt',
    },
    reverse: {
      ret_id: 'id',
      tkt_id: 'ticket_id',
      ord_id: 'order_id',
      usr_id: 'customer_id',
      stat_cd: cases('status', turned(returnStatuses)),
      rsn: 'reason',
      dec_usr_id: 'decided_by',
      dec_note: 'decision_note',
      rfd_cents: 'refund_amount * 100',
      fail_cd: 'failure',
      ver_no: 'version',
      crt_dt: 'created_at',
      upd_dt: 'updated_at',
    },
  },
  {
    legacy: 'ret_ln',
    service: 'return_lines',
    // Named, so that the pairing does not rest on the order of either primary key's columns.
    key: { legacy: ['ret_id', 'prod_id'], service: ['return_id', 'product_id'] },
    forward: { return_id: 'ret_id', product_id: 'prod_id', quantity: 'qty' },
    reverse: { ret_id: 'return_id', prod_id: 'product_id', qty: 'quantity' },
  },
  {
    legacy: 'kb_art',
    service: 'articles',
    forward: {
      id: 'art_id',
      code: 'art_cd',
      language: 'lang_cd',
      title: 'ttl',
      body: 'body',
      keywords: 'kw',
    },
    reverse: {
      art_id: 'id',
      art_cd: 'code',
      lang_cd: 'language',
      ttl: 'title',
      body: 'body',
      kw: 'keywords',
    },
  },
];
