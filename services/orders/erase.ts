import type { DataSource } from 'typeorm';
import type { HeardEvent } from '#kernel/events/receive.ts';
import { ownerNow, type Ownership } from '#kernel/db/ownership.ts';
import { rows, type Sql } from '#kernel/db/statements.ts';
import type { Write } from '#kernel/db/unit-of-work.ts';
import { touch } from './store/order-work.ts';

/** What stands in the place of what was erased. */
export const erasedText = '[erased]';
/** So long after an account's end its last access token may still have written something, and synchronisation brought it. */
const graceSeconds = 1_200;

/** Notes that an account has ended. Each is one row: an event that comes again, or late, changes nothing. */
export async function hearEnded(sql: Sql, { type, version, data }: HeardEvent): Promise<void> {
  const userId = data['userId'];
  if (type !== 'user.erased' || typeof userId !== 'number' || !Number.isInteger(userId)) return;
  await rows(
    sql,
    `insert into erasures (user_id, version) values ($1, $2)
     on conflict (user_id) do update set version = greatest(erasures.version, excluded.version)`,
    [userId, version],
  );
}

/**
 * Forgets where ended accounts lived, as soon as nothing is on its way to them. That an account ended is noted by each side; its
 * orders are changed by the side that owns them, whenever it comes to own them. Idles while another side does.
 */
export async function eraseEnded(
  source: DataSource,
  ownership: Ownership,
  write: Write,
  signal: AbortSignal,
): Promise<void> {
  if ((await ownerNow(source.manager, ownership)) !== 'us') return;
  const open = await rows<{ id: number }>(
    source.manager,
    'select user_id as id from erasures where settled_at is null',
  );
  for (const { id } of open) {
    if (signal.aborted) return;
    await write((sql) => eraseBuyer(sql, id));
  }
}

/** Orders, prices and times stay, for the books. Again it finds nothing. */
async function eraseBuyer(sql: Sql, userId: number): Promise<void> {
  await rows(sql, 'delete from cart_items where user_id = $1', [userId]);
  const found = await rows<{ id: number; ended: boolean }>(
    sql,
    `select o.id, o.state in ('delivered', 'failed', 'cancelled', 'refunded') as ended
     from orders o join deliveries d on d.order_id = o.id
     where o.user_id = $1 and (d.recipient <> $2 or d.address <> $2) for update of o`,
    [userId, erasedText],
  );
  const ids = found.filter(({ ended }) => ended).map(({ id }) => id);
  await rows(sql, 'update deliveries set recipient = $2, address = $2 where order_id = any($1::int[])', [
    ids,
    erasedText,
  ]);
  // The answer that the request got is kept for it to be repeated, and names the address, too.
  await rows(
    sql,
    `update checkouts set answer_body = jsonb_set(answer_body::jsonb, '{shipping}', $2::jsonb)::text
     where order_id = any($1::int[]) and answer_status = 201`,
    [ids, JSON.stringify({ name: erasedText, address: erasedText })],
  );
  for (const id of ids) await touch(sql, id, 'order.erased', {});
  if (found.length > 0) return;
  await rows(
    sql,
    `update erasures set settled_at = now() where user_id = $1 and heard_at < now() - make_interval(secs => $2)`,
    [userId, graceSeconds],
  );
}
