import type { DataSource } from 'typeorm';
import { rows } from '../db/sql.ts';
import { unit } from '../db/unit.ts';
import { expireReservation } from './reservations.ts';

const batch = 200;

/** Gives back what overdue reservations hold. Several processes may do so at once: each row moves only once. */
export async function expireReservations(db: DataSource, signal: AbortSignal): Promise<number> {
  let expired = 0;
  for (;;) {
    const due = await rows<{ rsv_id: string }>(
      db.manager,
      `select rsv_id from stk_rsv where stat_cd = 'H' and exp_dt <= now() order by exp_dt limit ${batch}`,
    );
    for (const { rsv_id: id } of due) {
      if (signal.aborted) return expired;
      if (await unit(db, (tx) => expireReservation(tx, id))) expired++;
    }
    if (due.length < batch) return expired;
  }
}
