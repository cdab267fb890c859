import type { FastifyRequest } from 'fastify';
import type { DataSource } from 'typeorm';
import { identityOf, userIdOf } from '#kernel/auth/authorize.ts';
import type { KeyRing } from '#kernel/auth/key-ring.ts';
import type { Write } from '#kernel/db/unit-of-work.ts';
import type { SendMail } from '#kernel/mail/send-mail.ts';
import { type Caller } from '../rules/access.ts';
import { refuse } from '../rules/refusal.ts';
import type { Tokens } from '../tokens.ts';

/** What every route works with. */
export interface UsersContext {
  source: DataSource;
  write: Write;
  ring: KeyRing;
  tokens: Tokens;
  sendMail: SendMail;
  issuer: string;
  publicUrl: string;
}

export function callerOf(request: FastifyRequest): Caller {
  const { subject, roles, scopes } = identityOf(request);
  return { userId: userIdOf(subject), roles, scopes };
}

/** The caller's user id; a service's token has none. */
export function userOf(request: FastifyRequest): number {
  const { userId } = callerOf(request);
  if (userId === undefined) throw refuse('forbidden', "A user's token is needed here, not a service's.");
  return userId;
}

export type { PublicApp as UsersApp } from '#kernel/http/public-routes.ts';
