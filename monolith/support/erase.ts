import type { DataSource } from 'typeorm';
import { rows, type Sql } from '../db/sql.ts';
import { unit } from '../db/unit.ts';
import { emitTicket } from './events.ts';
import { ticketColumns, ticketOf, type TicketRow } from './ticket-view.ts';

/** What stands in the place of what was erased. */
const erasedText = '[erased]';
/** So long after an account's end its last access token may still have written something, and synchronisation brought it. */
const graceSeconds = 1_200;

/** Erases what ended accounts have left, those that the module next door has told of included: it shares the outbox. */
export async function eraseEnded(db: DataSource, signal: AbortSignal): Promise<void> {
  await db.manager.query(
    `insert into sup_ers (usr_id, ver_no)
     select agg_id::int, ver_no from evt_out e where evt_cd = 'user.erased'
       and not exists (select from sup_ers where usr_id = e.agg_id::int)
     on conflict do nothing`,
  );
  const open = await rows<{ usr_id: number }>(db.manager, 'select usr_id from sup_ers where done_dt is null');
  for (const { usr_id: customerId } of open) {
    if (signal.aborted) return;
    await unit(db, (tx) => eraseCustomer(tx, customerId));
  }
}

/**
 * Erases what a customer wrote, and what was written to them: subjects, messages, names of attachments, reasons of returns.
 * Tickets, states and times stay, for the books. Again it finds nothing.
 */
async function eraseCustomer(tx: Sql, customerId: number): Promise<void> {
  const found = await rows<TicketRow>(
    tx,
    `update tkt t set subj = $2, ver_no = ver_no + 1, upd_dt = now()
     where usr_id = $1 and (subj <> $2
       or exists (select 1 from tkt_msg m left join tkt_att a using (msg_id)
                  where m.tkt_id = t.tkt_id and (m.body <> $2 or a.file_nm <> $2))
       or exists (select 1 from ret r where r.tkt_id = t.tkt_id and (r.rsn <> $2 or r.dec_note <> $2)))
     returning ${ticketColumns}`,
    [customerId, erasedText],
  );
  if (found.length === 0) {
    await tx.query(
      'update sup_ers set done_dt = now() where usr_id = $1 and crt_dt < now() - make_interval(secs => $2)',
      [customerId, graceSeconds],
    );
    return;
  }
  const ids = found.map(({ tkt_id }) => tkt_id);
  await tx.query(
    `update tkt_att set file_nm = $2 where msg_id in (select msg_id from tkt_msg where tkt_id = any($1::int[]))`,
    [ids, erasedText],
  );
  await tx.query('update tkt_msg set body = $2 where tkt_id = any($1::int[])', [ids, erasedText]);
  await tx.query(
    'update ret set rsn = $2, dec_note = case when dec_note is not null then $2 end where tkt_id = any($1::int[])',
    [ids, erasedText],
  );
  for (const row of found) await emitTicket(tx, 'ticket.erased', { ...ticketOf(row), version: row.ver_no });
}
