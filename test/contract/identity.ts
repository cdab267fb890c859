import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { decodeJwt } from 'jose';
import type { ContractCase, ContractContext } from './context.ts';
import { eventually } from './session.ts';
import { accountMaker, password, signIn } from './users.ts';

/** What an account can do beyond signing in: verify, recover, be restricted, and be erased. */
export function identityCases(context: ContractContext): ContractCase[] {
  const open = accountMaker(context);
  const named = (name: string, run: () => Promise<void>): ContractCase => ({ name: `users: ${name}`, run });
  const next = 'another long password';

  /** The secret of a mail, by the occasion that names it. */
  const mailed = (key: string): Promise<string> =>
    eventually(async () => {
      const text = await readFile(join(context.mailDir ?? '', `${key}.eml`), 'utf8');
      const secret = /^([\w-]{43})$/m.exec(text)?.[1];
      assert.ok(secret, `no secret in the mail ${key}`);
      return secret;
    });

  return [
    named('an address is verified by what was mailed to it, once; a new address anew', async () => {
      const { session, user, email } = await open();
      assert.equal(user.emailVerified, false);
      await session.expect(202, 'POST', '/users/me/verification');
      await session.refused(422, 'link-invalid', 'POST', '/auth/verify-email', {
        body: { token: 'x'.repeat(43) },
      });
      if (context.mailDir === undefined) return;
      const token = await mailed(`verify-${user.id}`);
      const guest = context.guest();
      await guest.expect(204, 'POST', '/auth/verify-email', { body: { token } });
      await guest.refused(422, 'link-invalid', 'POST', '/auth/verify-email', { body: { token } });
      const profile = async () => session.expect(200, 'GET', '/users/me');
      await eventually(async () => assert.equal((await profile()).emailVerified, true));
      // Nothing more to mail.
      await session.expect(202, 'POST', '/users/me/verification');
      const moved = await session.expect(200, 'PATCH', '/users/me', { body: { email: `new-${email}` } });
      assert.equal(moved.emailVerified, false);
    }),
    named('a forgotten password is replaced by mail, once, and tells nobody who has an account', async () => {
      const { user, email, tokens } = await open();
      const guest = context.guest();
      const known = await guest.call('POST', '/auth/forgot-password', { body: { email } });
      const unknown = await guest.call('POST', '/auth/forgot-password', {
        body: { email: `nobody-${context.run}@shop.example` },
      });
      assert.deepEqual([known.status, known.body], [unknown.status, unknown.body]);
      assert.equal(known.status, 202);
      const reset = (token: string) => ({ body: { token, newPassword: next } });
      await guest.refused(422, 'link-invalid', 'POST', '/auth/reset-password', reset('x'.repeat(43)));
      if (context.mailDir === undefined) return;
      const token = await mailed(`reset-${user.id}`);
      await guest.expect(204, 'POST', '/auth/reset-password', reset(token));
      await guest.refused(422, 'link-invalid', 'POST', '/auth/reset-password', reset(token));
      await guest.refused(401, 'unauthorized', 'POST', '/auth/login', { body: { email, password } });
      await guest.refused(401, 'unauthorized', 'POST', '/auth/refresh', {
        body: { refreshToken: tokens.refreshToken },
      });
      await signIn(guest, email, next);
    }),
    named('wrong passwords are throttled for the account, known or not, and for no other', async () => {
      const [{ email }, other] = [await open(), await open()];
      const guest = context.guest();
      for (const address of [email, `nobody-${context.run}-throttled@shop.example`]) {
        const attempt = (secret: string) =>
          guest.call('POST', '/auth/login', { body: { email: address, password: secret } });
        for (let wrong = 0; wrong < 10; wrong += 1) assert.equal((await attempt('wrong')).status, 401);
        const over = await attempt(password);
        assert.deepEqual([over.status, over.body.code], [429, 'too-many-requests']);
        assert.match(over.headers.get('retry-after') ?? '', /^[1-9][0-9]{0,2}$/);
      }
      await signIn(context.guest(), other.email, password);
    }),
    named('an admin grants and revokes roles one by one, and sees the permissions', async () => {
      const { session, user, email } = await open();
      const admin = await context.as('admin');
      const path = `/users/${user.id}/roles/agent`;
      assert.deepEqual((await admin.expect(200, 'PUT', path)).roles, ['agent', 'customer']);
      assert.deepEqual((await admin.expect(200, 'PUT', path)).roles, ['agent', 'customer']);
      const { accessToken } = await signIn(session, email, password);
      assert.deepEqual(decodeJwt(accessToken)['roles'], ['agent', 'customer']);
      assert.deepEqual((await admin.expect(200, 'DELETE', path)).roles, ['customer']);
      assert.deepEqual((await admin.expect(200, 'DELETE', path)).roles, ['customer']);
      const { items } = await admin.expect(200, 'GET', '/permissions');
      const work = items.find((item: { permission: string }) => item.permission === 'tickets:work');
      assert.deepEqual(work.roles, ['admin', 'agent']);
      for (const role of ['customer', 'agent', 'manager'] as const) {
        const lesser = await context.as(role);
        await lesser.refused(403, 'forbidden', 'PUT', path);
        await lesser.refused(403, 'forbidden', 'DELETE', path);
        await lesser.refused(403, 'forbidden', 'GET', '/permissions');
      }
    }),
    named('an erased account keeps its id and nothing personal, and cannot come back', async () => {
      const [{ session, user, email, tokens }, other] = [await open(), await open()];
      await other.session.refused(403, 'forbidden', 'DELETE', `/users/${user.id}`);
      await session.expect(204, 'DELETE', `/users/${user.id}`);
      await session.expect(204, 'DELETE', `/users/${user.id}`);
      // Its access token lives on for minutes, and brings nothing back.
      await session.refused(409, 'illegal-move', 'PATCH', '/users/me', { body: { name: 'Back' } });
      await session.expect(202, 'POST', '/users/me/verification');
      const guest = context.guest();
      await guest.refused(401, 'unauthorized', 'POST', '/auth/login', { body: { email, password } });
      await guest.refused(401, 'unauthorized', 'POST', '/auth/refresh', {
        body: { refreshToken: tokens.refreshToken },
      });
      const admin = await context.as('admin');
      const left = await eventually(async () => {
        const found = await admin.expect(200, 'GET', `/users/${user.id}`);
        assert.equal(found.status, 'erased');
        return found;
      });
      assert.ok(!JSON.stringify(left).includes(context.run), JSON.stringify(left));
      assert.deepEqual([left.roles, left.emailVerified], [[], false]);
      const body = { status: 'active' };
      await admin.refused(409, 'illegal-move', 'PUT', `/users/${user.id}/status`, { body });
      await admin.refused(409, 'illegal-move', 'PUT', `/users/${user.id}/roles/admin`);
      await admin.expect(204, 'DELETE', `/users/${other.user.id}`);
      await admin.refused(404, 'not-found', 'DELETE', '/users/2147483647');
    }),
    named('a revoked session is over for whoever asks, by either of its tokens', async () => {
      if (context.client === undefined) return;
      const { id, secret } = context.client;
      const headers = { authorization: `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}` };
      const guest = context.guest();
      for (const which of ['accessToken', 'refreshToken'] as const) {
        const { tokens } = await open();
        const introspect = async (token: string) =>
          (await guest.expect(200, 'POST', '/oauth/introspect', { headers, body: { token } })).active;
        await eventually(async () => assert.equal(await introspect(tokens.accessToken), true));
        await guest.expect(200, 'POST', '/oauth/revoke', { headers, body: { token: tokens[which] } });
        await eventually(async () => assert.equal(await introspect(tokens.accessToken), false));
        assert.equal(await introspect(tokens.refreshToken), false);
        await guest.refused(401, 'unauthorized', 'POST', '/auth/refresh', {
          body: { refreshToken: tokens.refreshToken },
        });
      }
      await guest.expect(200, 'POST', '/oauth/revoke', { headers, body: { token: 'rubbish' } });
      await guest.refused(401, 'unauthorized', 'POST', '/oauth/revoke', { body: { token: 'rubbish' } });
    }),
  ];
}
