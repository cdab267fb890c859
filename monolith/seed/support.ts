import type { Client } from 'pg';
import { copyRows, raiseSequence, type Cell } from './copy.ts';
import { articles } from './articles.ts';
import { createRandom } from './random.ts';
import { agentIds, customerCount } from './users.ts';
import { targetsMs } from '../support/sla.ts';
import { priorityOf } from '../support/ticket-rules.ts';

const firstTicketAt = Date.UTC(2024, 7, 1);
const ticketEveryMs = 80 * 60_000;

const cases = [
  [
    'Q',
    'Where is my parcel?',
    'The tracking has not moved for three days.',
    'It left the depot this morning.',
  ],
  ['Q', 'Can I change the address?', 'I have moved since I ordered.', 'We have changed it for you.'],
  ['Q', 'Do you ship abroad?', 'My sister lives in Norway.', 'We do, within ten working days.'],
  [
    'C',
    'Parcel arrived damaged',
    'The box was open and one part is broken.',
    'We are sorry; a new one is on its way.',
  ],
  ['C', 'Charged twice', 'My bank shows the amount twice.', 'The second was a reservation and has lapsed.'],
  ['R', 'Return: wrong size', 'It is one size too small.', 'Here is your return label.'],
  ['R', 'Return: changed my mind', 'It is unused and in its box.', 'Here is your return label.'],
] as const;
const states = ['X', 'X', 'X', 'S', 'S', 'W', 'O', 'N'] as const;

export async function seedSupport(
  client: Client,
  counts: { users: number; orders: number; tickets: number },
): Promise<void> {
  const random = createRandom(37);
  const customers = customerCount(counts.users);
  const agents = agentIds(counts.users);
  const tickets: Cell[][] = [];
  const messages: Cell[][] = [];
  for (let id = 1; id <= counts.tickets; id++) {
    const userId = random.between(1, customers);
    const [kind, subject, question, reply] = random.pick(cases);
    const state = random.pick(states);
    const agent = state === 'N' ? null : random.pick(agents);
    const at = firstTicketAt + id * ticketEveryMs;
    const when = (minutes: number) => new Date(at + minutes * 60_000).toISOString();
    const priority = random.between(1, 4);
    const due = targetsMs[priorityOf(priority)];
    const late = (ms: number) => when(ms / 60_000);
    const clock = [
      late(due.response),
      agent === null ? null : when(45),
      late(due.resolution),
      state === 'S' || state === 'X' ? when(45) : null,
      state === 'N' || state === 'O' ? null : when(45),
    ];
    tickets.push([id, userId, kind, state, priority, subject, agent, when(0), when(45), ...clock]);
    messages.push([id, 'C', userId, question, when(0)]);
    if (agent === null) continue;
    messages.push([id, 'A', agent, reply, when(45)]);
    if (state === 'X') messages.push([id, 'C', userId, 'Thank you, that helped.', when(90)]);
  }
  await copyRows(
    client,
    'tkt (tkt_id, usr_id, kind_cd, stat_cd, prio_no, subj, agt_id, crt_dt, upd_dt, rsp_due_dt, rsp_dt, res_due_dt, res_dt, paus_dt)',
    tickets,
  );
  await copyRows(client, 'tkt_msg (tkt_id, auth_cd, usr_id, body, crt_dt)', messages);
  await copyRows(
    client,
    'kb_art (art_cd, lang_cd, ttl, body, kw)',
    articles.map(({ code, language, title, body, keywords }) => [code, language, title, body, keywords]),
  );
  await raiseSequence(client, 'tkt', 'tkt_id');
  await seedEvidence(client);
}

/** Photographs of what arrived damaged, and returns of delivered orders: asked for, or rejected. None that moved money. */
async function seedEvidence(client: Client): Promise<void> {
  await client.query(`
    insert into tkt_att (msg_id, file_nm, mime_cd, byt_cnt, sha_hsh)
    select min(m.msg_id), 'damage-' || t.tkt_id || '.jpg', 'image/jpeg', 200000 + t.tkt_id * 37,
      encode(sha256(t.tkt_id::text::bytea), 'hex')
    from tkt t join tkt_msg m using (tkt_id) where t.subj = 'Parcel arrived damaged' group by t.tkt_id`);
  await client.query(`
    update tkt t set ord_id = o.ord_id from (
      select distinct on (o.ord_id) o.ord_id, r.tkt_id from tkt r join ord o using (usr_id)
      where r.kind_cd = 'R' and o.stat_cd = 'D' order by o.ord_id, r.tkt_id
    ) o where t.tkt_id = o.tkt_id`);
  await client.query(`
    insert into ret (ret_id, tkt_id, ord_id, usr_id, stat_cd, rsn, dec_usr_id, dec_note, crt_dt, upd_dt)
    select md5('seed-return-' || tkt_id)::uuid, tkt_id, ord_id, usr_id,
      case when stat_cd in ('S', 'X') then 'J' else 'R' end, subj,
      case when stat_cd in ('S', 'X') then agt_id end, case when stat_cd in ('S', 'X') then 'It shows signs of use.' end,
      crt_dt, upd_dt
    from tkt where kind_cd = 'R' and ord_id is not null`);
  await client.query(`
    insert into ret_ln (ret_id, prod_id, qty)
    select r.ret_id, l.prod_id, 1 from ret r join ord_ln l on l.ord_id = r.ord_id and l.ln_no = 1`);
}
