import type { DataSource } from 'typeorm';
import { row } from '../db/sql.ts';
import { unit } from '../db/unit.ts';
import { notFound } from '../http/problem.ts';
import { emitUser } from './events.ts';
import { eraseAttempts } from './throttle.ts';

/**
 * Removes what is personal of an account, and what could sign in to it. Its id stays, for orders and books name it; what
 * stands in the address's place is none that anybody could register. Whoever else keeps personal data hears of it by the
 * event. Erasing again changes nothing.
 */
export async function eraseUser(db: DataSource, id: number): Promise<void> {
  await unit(db, async (tx) => {
    const before = await row<{ eml: string; stat_cd: string }>(
      tx,
      'select eml, stat_cd from usr where usr_id = $1 for update',
      [id],
    );
    if (before === undefined) throw notFound(`user ${id}`);
    if (before.stat_cd === 'E') return;
    const erased = await row<{ version: number }>(
      tx,
      `update usr set usr_nm = 'Erased user', eml = 'erased-' || usr_id, pwd_hsh = '!', stat_cd = 'E',
         eml_vrf_dt = null, upd_dt = now(), ver_no = ver_no + 1
       where usr_id = $1 returning ver_no::int as version`,
      [id],
    );
    await tx.query('delete from rfr_tok where usr_id = $1', [id]);
    await tx.query('delete from usr_lnk where usr_id = $1', [id]);
    await tx.query('delete from usr_rol where usr_id = $1', [id]);
    await eraseAttempts(tx, before.eml);
    await emitUser(tx, 'user.erased', { id, version: erased?.version ?? 1 });
  });
}
