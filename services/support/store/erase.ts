import { publish } from '#kernel/db/outbox.ts';
import { rows, type Sql } from '#kernel/db/statements.ts';
import { ticketEvent } from '../rules/event.ts';
import { findTicket } from './ticket-view.ts';

/** What stands in the place of what was erased. */
export const erasedText = '[erased]';
/** So long after an account's end its last access token may still have written something, and synchronisation brought it. */
const graceSeconds = 1_200;

/** Accounts that ended, and of which something may still be here. */
export const openErasures = async (sql: Sql): Promise<number[]> =>
  (await rows<{ id: number }>(sql, 'select user_id as id from erasures where settled_at is null')).map(
    ({ id }) => id,
  );

const written = (ticket: string) => `
  select 1 from messages m left join attachments a on a.message_id = m.id
  where m.ticket_id = ${ticket} and (m.body <> $2 or a.file_name <> $2)`;
const returned = (ticket: string) => `
  select 1 from returns r where r.ticket_id = ${ticket} and (r.reason <> $2 or r.decision_note <> $2)`;

/**
 * Erases what a customer wrote, and what was written to them: subjects, messages, names of attachments, reasons of returns.
 * Tickets, states and times stay, for the books. Gives how many tickets had something; again it finds none.
 */
export async function eraseCustomer(sql: Sql, customerId: number): Promise<number> {
  const found = await rows<{ id: number }>(
    sql,
    `update tickets t set subject = $2, version = version + 1, updated_at = now()
     where customer_id = $1 and (subject <> $2 or exists (${written('t.id')}) or exists (${returned('t.id')}))
     returning id`,
    [customerId, erasedText],
  );
  if (found.length === 0) {
    await rows(
      sql,
      `update erasures set settled_at = now() where user_id = $1 and heard_at < now() - make_interval(secs => $2)`,
      [customerId, graceSeconds],
    );
    return 0;
  }
  const ids = found.map(({ id }) => id);
  await rows(
    sql,
    `update attachments set file_name = $2 where message_id in
       (select id from messages where ticket_id = any($1::int[]))`,
    [ids, erasedText],
  );
  await rows(sql, 'update messages set body = $2 where ticket_id = any($1::int[])', [ids, erasedText]);
  await rows(
    sql,
    `update returns set reason = $2, decision_note = case when decision_note is not null then $2 end
     where ticket_id = any($1::int[])`,
    [ids, erasedText],
  );
  for (const id of ids) await publish(sql, [ticketEvent('ticket.erased', await findTicket(sql, id))]);
  return ids.length;
}
