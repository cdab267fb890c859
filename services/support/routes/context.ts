import type { FastifyRequest } from 'fastify';
import type { DataSource } from 'typeorm';
import { identityOf, userIdOf } from '#kernel/auth/authorize.ts';
import type { Verify } from '#kernel/auth/verify.ts';
import type { Write } from '#kernel/db/unit-of-work.ts';
import type { Ask } from '../ask.ts';
import type { Neighbours } from '../neighbours.ts';
import { maySee, type Caller } from '../rules/access.ts';
import { noTicket, refuse } from '../rules/refusal.ts';
import type { SettleReturn } from '../settle-return.ts';
import { findTicket, type Ticket } from '../store/ticket-view.ts';

/** What every route works with. */
export interface SupportContext {
  source: DataSource;
  write: Write;
  verify: Verify;
  neighbours: Neighbours;
  ask: Ask;
  settleReturn: SettleReturn;
}

export function callerOf(request: FastifyRequest): Caller {
  const { subject, roles } = identityOf(request);
  return { userId: userIdOf(subject), roles };
}

/** The caller's user id; a service's token has none. */
export function userOf(request: FastifyRequest): number {
  const { userId } = callerOf(request);
  if (userId === undefined) throw refuse('forbidden', "A user's token is needed here, not a service's.");
  return userId;
}

/** The ticket, if the caller may know of it. */
export async function visibleTicket(
  { source }: SupportContext,
  request: FastifyRequest,
  id: number,
): Promise<Ticket> {
  const ticket = await findTicket(source.manager, id);
  if (!maySee(callerOf(request), ticket.customerId)) throw noTicket(id);
  return ticket;
}

export type { PublicApp as SupportApp } from '#kernel/http/public-routes.ts';
