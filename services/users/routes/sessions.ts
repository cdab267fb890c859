import type { FastifyReply, FastifyRequest } from 'fastify';
import { authorize } from '#kernel/auth/authorize.ts';
import { requestReset, resetPassword, sendVerification, verifyEmail } from '../recovery.ts';
import { refreshTokenSeconds } from '../rules/limits.ts';
import { refuse } from '../rules/refusal.ts';
import { login, logout, refresh, type IssuedTokens } from '../sign-in.ts';
import { userOf, type UsersApp, type UsersContext } from './context.ts';
import { ForgotBody, LoginBody, RefreshBody, ResetBody, VerifyBody } from './schemas.ts';

const cookieName = 'refresh_token';

export function sessionRoutes(app: UsersApp, context: UsersContext): void {
  // Only the session endpoints see the cookie, and no other site's page can make a browser send it.
  const secure = context.publicUrl.startsWith('https:');
  const cookie = { path: '/auth', httpOnly: true, sameSite: 'strict', secure } as const;

  const answer = (reply: FastifyReply, issued: IssuedTokens) =>
    reply
      .header('cache-control', 'no-store')
      .setCookie(cookieName, issued.refreshToken, { ...cookie, maxAge: refreshTokenSeconds })
      .send(issued);
  const tokenOf = (request: FastifyRequest, body: { refreshToken?: string } | null | undefined) =>
    body?.refreshToken ?? request.cookies[cookieName];

  app.post('/auth/login', { schema: { body: LoginBody } }, async (request, reply) => {
    const issued = await login(context, { ...request.body, address: request.ip });
    return answer(reply, issued);
  });

  app.post('/auth/refresh', { schema: { body: RefreshBody } }, async (request, reply) => {
    const token = tokenOf(request, request.body);
    if (token === undefined)
      throw refuse('unauthorized', 'A refresh token is needed, in the body or the cookie.');
    return answer(reply, await refresh(context, token));
  });

  app.post('/auth/logout', { schema: { body: RefreshBody } }, async (request, reply) => {
    const token = tokenOf(request, request.body);
    if (token !== undefined) await logout(context, token);
    return reply.code(204).clearCookie(cookieName, cookie).send();
  });
}

/** Verified addresses and forgotten passwords: what is done with a mailed secret. */
export function recoveryRoutes(app: UsersApp, context: UsersContext): void {
  const onRequest = authorize(context.tokens.verify);

  app.post('/users/me/verification', { onRequest }, async (request, reply) => {
    await sendVerification(context, userOf(request));
    return reply.code(202).send();
  });
  app.post('/auth/verify-email', { schema: { body: VerifyBody } }, async ({ body }, reply) => {
    await verifyEmail(context.write, body.token);
    return reply.code(204).send();
  });
  app.post('/auth/forgot-password', { schema: { body: ForgotBody } }, async ({ body }, reply) => {
    await requestReset(context, body.email);
    return reply.code(202).send();
  });
  app.post('/auth/reset-password', { schema: { body: ResetBody } }, async ({ body }, reply) => {
    await resetPassword(context, body.token, body.newPassword);
    return reply.code(204).send();
  });
}
