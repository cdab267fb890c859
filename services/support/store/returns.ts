import { publish } from '#kernel/db/outbox.ts';
import { rows, type Sql } from '#kernel/db/statements.ts';
import { returnEvent } from '../rules/event.ts';
import { noReturn, refuse } from '../rules/refusal.ts';
import {
  mayReturnMove,
  overReturned,
  sameReturn,
  type ReturnLine,
  type ReturnStatus,
} from '../rules/return.ts';

export interface ReturnView {
  id: string;
  ticketId: number;
  orderId: number;
  customerId: number;
  status: ReturnStatus;
  lines: ReturnLine[];
  reason: string;
  decidedBy: number | null;
  note: string | null;
  refund: { amount: string; currency: string } | null;
  failure: string | null;
  createdAt: string;
  updatedAt: string;
}

type Stored = Omit<ReturnView, 'lines' | 'refund' | 'createdAt' | 'updatedAt'> & {
  lines: ReturnLine[] | null;
  amount: string | null;
  createdAt: Date;
  updatedAt: Date;
};

const select = `
  select r.id, r.ticket_id as "ticketId", r.order_id as "orderId", r.customer_id as "customerId",
    r.status::text as status, r.reason, r.decided_by as "decidedBy", r.decision_note as note, r.refund_amount as amount,
    r.failure, r.created_at as "createdAt", r.updated_at as "updatedAt",
    (select json_agg(json_build_object('productId', l.product_id, 'quantity', l.quantity) order by l.product_id)
     from return_lines l where l.return_id = r.id) as lines
  from returns r`;

const viewOf = ({ amount, lines, ...stored }: Stored): ReturnView => ({
  ...stored,
  lines: lines ?? [],
  refund: amount === null ? null : { amount, currency: 'EUR' },
  createdAt: stored.createdAt.toISOString(),
  updatedAt: stored.updatedAt.toISOString(),
});

export async function findReturn(sql: Sql, id: string): Promise<ReturnView | undefined> {
  const [found] = await rows<Stored>(sql, `${select} where r.id = $1`, [id]);
  return found && viewOf(found);
}

export async function viewReturn(sql: Sql, id: string): Promise<ReturnView> {
  const found = await findReturn(sql, id);
  if (found === undefined) throw noReturn(id);
  return found;
}

export const returnsOf = async (sql: Sql, ticketId: number): Promise<ReturnView[]> =>
  (await rows<Stored>(sql, `${select} where r.ticket_id = $1 order by r.created_at, r.id`, [ticketId])).map(
    viewOf,
  );

export interface NewReturn {
  id: string;
  ticketId: number;
  orderId: number;
  customerId: number;
  lines: readonly ReturnLine[];
  reason: string;
}

/** Notes a return once, however often it is sent. `bought` are the lines of the order. */
export async function requestReturn(
  sql: Sql,
  wanted: NewReturn,
  bought: readonly ReturnLine[],
): Promise<{ first: boolean; request: ReturnView }> {
  const { id, ticketId, orderId, customerId, lines, reason } = wanted;
  const inserted = await rows(
    sql,
    `insert into returns (id, ticket_id, order_id, customer_id, reason) values ($1, $2, $3, $4, $5)
     on conflict (id) do nothing returning id`,
    [id, ticketId, orderId, customerId, reason],
  );
  if (inserted.length === 0) return { first: false, request: sameAgain(await viewReturn(sql, id), wanted) };
  // Two returns of one order are counted one after the other.
  await rows(sql, `select pg_advisory_xact_lock(hashtext('returns'), $1)`, [orderId]);
  const claimed = await rows<ReturnLine>(
    sql,
    `select l.product_id as "productId", l.quantity from returns r join return_lines l on l.return_id = r.id
     where r.order_id = $1 and r.status not in ('rejected', 'failed')`,
    [orderId],
  );
  const over = overReturned(lines, bought, claimed);
  if (over !== undefined) {
    const left = Math.max(over.left, 0);
    throw refuse(
      'over-returned',
      `Of product ${over.productId} ${left} can be returned, not ${over.quantity}.`,
    );
  }
  await rows(
    sql,
    'insert into return_lines (return_id, product_id, quantity) select $1, * from unnest($2::int[], $3::int[])',
    [id, lines.map(({ productId }) => productId), lines.map(({ quantity }) => quantity)],
  );
  const request = await viewReturn(sql, id);
  await publish(sql, [returnEvent({ ...request, version: 1 })]);
  return { first: true, request };
}

export function sameAgain(before: ReturnView, { ticketId, lines, reason }: NewReturn): ReturnView {
  if (before.ticketId !== ticketId || before.reason !== reason || !sameReturn(before.lines, lines))
    throw refuse('return-conflict', 'This return id was used with other content.');
  return before;
}

export interface ReturnMove {
  decidedBy?: number;
  note?: string | undefined;
  /** Decimal text. */
  refundAmount?: string;
  failure?: string;
}

/** Moves a return by compare-and-set; false when it is not where it was. */
export async function moveReturn(
  sql: Sql,
  id: string,
  from: ReturnStatus,
  to: ReturnStatus,
  { decidedBy, note, refundAmount, failure }: ReturnMove = {},
): Promise<boolean> {
  if (!mayReturnMove(from, to)) throw new Error(`A return cannot go from ${from} to ${to}.`);
  const [moved] = await rows<{ version: number }>(
    sql,
    `update returns set status = $3::return_status, decided_by = coalesce($4, decided_by),
       decision_note = coalesce($5, decision_note), refund_amount = coalesce($6::numeric, refund_amount),
       failure = coalesce($7, failure), version = version + 1, updated_at = now()
     where id = $1 and status = $2::return_status returning version::int as version`,
    [id, from, to, decidedBy ?? null, note ?? null, refundAmount ?? null, failure ?? null],
  );
  if (moved === undefined) return false;
  await publish(sql, [returnEvent({ ...(await viewReturn(sql, id)), version: moved.version })]);
  return true;
}

/** Those that somebody began to settle and left. */
export const stalledReturns = async (sql: Sql, stalledMs: number, limit: number): Promise<string[]> =>
  (
    await rows<{ id: string }>(
      sql,
      `select id from returns where status in ('approved', 'refunded')
         and updated_at < now() - make_interval(secs => $1::float8 / 1000) order by updated_at limit $2`,
      [stalledMs, limit],
    )
  ).map(({ id }) => id);
