import type { DataSource } from 'typeorm';
import { rows, type Sql } from '../db/sql.ts';
import { unit } from '../db/unit.ts';
import type { HeardEvent } from '../outbox/receive.ts';
import { touch } from './order-store.ts';

/** What stands in the place of what was erased. */
const erasedText = '[erased]';
/** So long after an account's end its last access token may still have written something, and synchronisation brought it. */
const graceSeconds = 1_200;

/** Notes that an account has ended. Each is one row: an event that comes again, or late, changes nothing. */
export async function hearEndedBuyer(sql: Sql, { type, version, data }: HeardEvent): Promise<void> {
  const userId = data['userId'];
  if (type !== 'user.erased' || typeof userId !== 'number' || !Number.isInteger(userId)) return;
  await sql.query(
    `insert into ord_ers (usr_id, ver_no) values ($1, $2)
     on conflict (usr_id) do update set ver_no = greatest(ord_ers.ver_no, excluded.ver_no)`,
    [userId, version],
  );
}

/**
 * Forgets where ended accounts lived, those included that the module next door has told of (it shares the outbox), as soon as
 * nothing is on its way to them.
 */
export async function eraseEndedBuyers(db: DataSource, signal: AbortSignal): Promise<void> {
  await db.manager.query(
    `insert into ord_ers (usr_id, ver_no)
     select agg_id::int, ver_no from evt_out e where evt_cd = 'user.erased'
       and not exists (select from ord_ers where usr_id = e.agg_id::int)
     on conflict do nothing`,
  );
  const open = await rows<{ usr_id: number }>(db.manager, 'select usr_id from ord_ers where done_dt is null');
  for (const { usr_id: userId } of open) {
    if (signal.aborted) return;
    await unit(db, (tx) => eraseBuyer(tx, userId));
  }
}

/** Orders, prices and times stay, for the books. Again it finds nothing. */
async function eraseBuyer(tx: Sql, userId: number): Promise<void> {
  await tx.query('delete from cart_itm where usr_id = $1', [userId]);
  const found = await rows<{ ord_id: number; ended: boolean }>(
    tx,
    `select ord_id, stat_cd in ('D', 'F', 'X', 'B') as ended from ord
     where usr_id = $1 and (ship_nm <> $2 or ship_addr <> $2) for update`,
    [userId, erasedText],
  );
  const ids = found.filter(({ ended }) => ended).map(({ ord_id }) => ord_id);
  // The answer that the request got is kept for it to be repeated, and names the address, too.
  await tx.query(
    `update ord set ship_nm = $2, ship_addr = $2,
       ans_body = case when ans_cd = 201 then jsonb_set(ans_body::jsonb, '{shipping}', $3::jsonb)::text else ans_body end
     where ord_id = any($1::int[])`,
    [ids, erasedText, JSON.stringify({ name: erasedText, address: erasedText })],
  );
  for (const id of ids) await touch(tx, id, 'order.erased', {});
  if (found.length > 0) return;
  await tx.query(
    'update ord_ers set done_dt = now() where usr_id = $1 and crt_dt < now() - make_interval(secs => $2)',
    [userId, graceSeconds],
  );
}
