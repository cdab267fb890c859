import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { DataSource } from 'typeorm';
import type { Tokens } from '../auth/tokens.ts';
import { bind } from '../http/bind.ts';
import { ShopError } from '../http/problem.ts';
import { refreshTokenSeconds } from './refresh-tokens.ts';
import { login, logout, refresh, type IssuedTokens } from './sessions.ts';

const cookieName = 'refresh_token';

interface RefreshShape {
  Body: { refreshToken?: string } | undefined;
}

export function sessionRoutes(app: FastifyInstance, db: DataSource, tokens: Tokens, secure: boolean): void {
  // Only the session endpoints see the cookie, and no other site's page can make a browser send it.
  const cookie = { path: '/auth', httpOnly: true, sameSite: 'strict', secure } as const;

  const answer = (reply: FastifyReply, issued: IssuedTokens) =>
    reply
      .header('cache-control', 'no-store')
      .setCookie(cookieName, issued.refreshToken, { ...cookie, maxAge: refreshTokenSeconds })
      .send(issued);

  const tokenOf = (request: FastifyRequest<RefreshShape>): string | undefined =>
    request.body?.refreshToken ?? request.cookies[cookieName];

  bind<{ Body: { email: string; password: string } }>(app, 'login', async ({ body, ip }, reply) =>
    answer(reply, await login(db, tokens, body.email, body.password, ip)),
  );

  bind<RefreshShape>(app, 'refresh', async (request, reply) => {
    const token = tokenOf(request);
    if (token === undefined)
      throw new ShopError('unauthorized', 'A refresh token is needed, in the body or the cookie.');
    return answer(reply, await refresh(db, tokens, token));
  });

  bind<RefreshShape>(app, 'logout', async (request, reply) => {
    const token = tokenOf(request);
    if (token !== undefined) await logout(db, token);
    return reply.code(204).clearCookie(cookieName, cookie).send();
  });
}
