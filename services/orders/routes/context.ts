import type { FastifyRequest } from 'fastify';
import type { DataSource } from 'typeorm';
import { identityIfAny, identityOf, userIdOf } from '#kernel/auth/authorize.ts';
import type { Identity, Verify } from '#kernel/auth/verify.ts';
import type { Write } from '#kernel/db/unit-of-work.ts';
import type { Passage } from '#kernel/http/passage.ts';
import type { SendMail } from '#kernel/mail/send-mail.ts';
import type { AdvanceRefund } from '../advance-refund.ts';
import type { Advance } from '../advance.ts';
import type { Cart } from '../cart.ts';
import type { CheckoutRequest } from '../checkout.ts';
import type { Neighbours } from '../neighbours.ts';
import { seesAllOrders, type Caller } from '../rules/access.ts';
import { noOrder, refuse } from '../rules/refusal.ts';
import { viewOrder, type OrderView } from '../store/order-view.ts';
import type { CartCookies } from './cart-cookies.ts';

/** What every route works with. */
export interface OrdersContext {
  source: DataSource;
  write: Write;
  verify: Verify;
  cart: Cart;
  cookies: CartCookies;
  openOrder: (passage: Passage, request: CheckoutRequest) => Promise<number>;
  advance: Advance;
  advanceRefund: AdvanceRefund;
  neighbours: Neighbours;
  sendMail: SendMail;
  webhookSecret: string;
}

const callerFrom = ({ subject, roles, scopes }: Identity): Caller => ({
  userId: userIdOf(subject),
  roles,
  scopes,
});

export const callerOf = (request: FastifyRequest): Caller => callerFrom(identityOf(request));

function needUser({ userId }: Caller): number {
  if (userId === undefined) throw refuse('forbidden', "A user's token is needed here, not a service's.");
  return userId;
}

/** The caller's user id; a service's token has none. */
export const userOf = (request: FastifyRequest): number => needUser(callerOf(request));

/** The same where guests may come, too: undefined for a guest. */
export function userIfAny(request: FastifyRequest): number | undefined {
  const identity = identityIfAny(request);
  return identity === undefined ? undefined : needUser(callerFrom(identity));
}

/** The order, if the caller may know of it: that another's exists is not told. */
export async function visible(
  { source }: Pick<OrdersContext, 'source'>,
  request: FastifyRequest,
  id: number,
): Promise<OrderView> {
  const caller = callerOf(request);
  const order = await viewOrder(source.manager, id);
  if (!seesAllOrders(caller) && order.userId !== caller.userId) throw noOrder(id);
  return order;
}

export type { PublicApp as OrdersApp } from '#kernel/http/public-routes.ts';
