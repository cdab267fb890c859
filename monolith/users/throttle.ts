import { row, rows, type Sql } from '../db/sql.ts';
import { ShopError } from '../http/problem.ts';
import { hashSecret } from './password.ts';

const windowSeconds = 900;
/** Attempts in one window: to sign in to an account, to sign in from an address, to have mail sent to an account. */
const kinds = { account: ['A', 10], address: ['I', 1000], mail: ['M', 5] } as const;
type Kind = keyof typeof kinds;

const keyOf = (key: string) => hashSecret(key.toLowerCase());

/**
 * Counts the attempts before they are made, so that many at once get no further than one after another. An attempt that
 * was fine is given back. Counted in the database: all instances agree, and the counts move with the accounts.
 */
async function count(sql: Sql, attempts: readonly (readonly [Kind, string])[]) {
  return rows<{ kind_cd: string; cnt: number; seconds: number }>(
    sql,
    `insert into try_cnt as c (kind_cd, key_hsh, cnt, win_dt)
     select kind, hsh, 1, now() from unnest($1::text[], $2::text[]) as a (kind, hsh)
     on conflict (kind_cd, key_hsh) do update set
       cnt = case when c.win_dt <= now() - make_interval(secs => $3) then 1 else least(c.cnt + 1, 1000000) end,
       win_dt = case when c.win_dt <= now() - make_interval(secs => $3) then now() else c.win_dt end
     returning kind_cd, cnt,
       greatest(1, ceil(extract(epoch from win_dt + make_interval(secs => $3) - now())))::int as seconds`,
    [attempts.map(([kind]) => kinds[kind][0]), attempts.map(([, key]) => keyOf(key)), windowSeconds],
  );
}

const limitOf = new Map<string, number>(Object.values(kinds));
const isOver = ({ kind_cd, cnt }: { kind_cd: string; cnt: number }) => cnt > (limitOf.get(kind_cd) ?? 0);

/** Refuses with `too-many-requests` beyond the limits. Unknown accounts are counted like known ones. */
export async function takeAttempts(sql: Sql, ...attempts: (readonly [Kind, string])[]): Promise<void> {
  const over = (await count(sql, attempts)).filter(isOver);
  if (over.length === 0) return;
  const seconds = Math.max(...over.map((each) => each.seconds));
  throw new ShopError('too-many-requests', 'Too many attempts. Wait, then try again.', {
    headers: { 'retry-after': String(seconds) },
  });
}

export async function mayMail(sql: Sql, email: string): Promise<boolean> {
  return !(await count(sql, [['mail', email]])).some(isOver);
}

/** After a login that was right: the account starts anew, and the address has its attempt back. */
export async function giveBack(tx: Sql, email: string, address: string): Promise<void> {
  await forgetAttempts(tx, email);
  await row(tx, `update try_cnt set cnt = greatest(cnt - 1, 0) where kind_cd = 'I' and key_hsh = $1`, [
    keyOf(address),
  ]);
}

export async function forgetAttempts(tx: Sql, email: string): Promise<void> {
  await tx.query(`delete from try_cnt where kind_cd = 'A' and key_hsh = $1`, [keyOf(email)]);
}

/** Of an erased account nothing is left to tell that its address was here. */
export async function eraseAttempts(tx: Sql, email: string): Promise<void> {
  await tx.query(`delete from try_cnt where kind_cd in ('A', 'M') and key_hsh = $1`, [keyOf(email)]);
}

export async function dropOldAttempts(tx: Sql): Promise<void> {
  await tx.query('delete from try_cnt where win_dt <= now() - make_interval(secs => $1)', [windowSeconds]);
}
