import { rows, type Sql } from '#kernel/db/statements.ts';
import { limits, windowSeconds, type AttemptKind } from '../rules/limits.ts';
import { hashSecret } from './data-source.ts';

export type Attempt = readonly [kind: AttemptKind, key: string];

const keyOf = (key: string) => hashSecret(key.toLowerCase());

/**
 * Counts attempts before they are made, so that many at once get no further than one after another, and gives the seconds to
 * wait when there were too many. Counted in the database: all instances agree, and the counts move with the accounts.
 */
export async function countAttempts(sql: Sql, attempts: readonly Attempt[]): Promise<number | undefined> {
  const counted = await rows<{ kind: AttemptKind; count: number; seconds: number }>(
    sql,
    `insert into attempts as t (kind, key_hash, count, window_start)
     select kind, hash, 1, now() from unnest($1::text[], $2::bytea[]) as a (kind, hash)
     on conflict (kind, key_hash) do update set
       count = case when t.window_start <= now() - make_interval(secs => $3) then 1 else least(t.count + 1, 1000000) end,
       window_start = case when t.window_start <= now() - make_interval(secs => $3) then now() else t.window_start end
     returning kind, count,
       greatest(1, ceil(extract(epoch from window_start + make_interval(secs => $3) - now())))::int as seconds`,
    [attempts.map(([kind]) => kind), attempts.map(([, key]) => keyOf(key)), windowSeconds],
  );
  const over = counted.filter(({ kind, count }) => count > limits[kind]);
  return over.length === 0 ? undefined : Math.max(...over.map(({ seconds }) => seconds));
}

/** After a login that was right: the account starts anew, and the address has its attempt back. */
export async function giveBack(sql: Sql, email: string, address: string): Promise<void> {
  await forgetAttempts(sql, email, ['login-account']);
  await rows(
    sql,
    `update attempts set count = greatest(count - 1, 0) where kind = 'login-address' and key_hash = $1`,
    [keyOf(address)],
  );
}

export async function forgetAttempts(sql: Sql, email: string, kinds: readonly AttemptKind[]): Promise<void> {
  await rows(sql, 'delete from attempts where kind = any($1::text[]) and key_hash = $2', [
    kinds,
    keyOf(email),
  ]);
}
