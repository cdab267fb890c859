import assert from 'node:assert/strict';
import { createLocalJWKSet, decodeJwt, jwtVerify } from 'jose';
import type { Session } from './session.ts';
import { eventually } from './session.ts';
import type { ContractCase, ContractContext } from './context.ts';

export const password = 'a long enough password';

/** A customer of this run, signed in. */
export function accountMaker(context: ContractContext) {
  let made = 0;
  return async () => {
    made += 1;
    const email = `contract-${context.run}-${made}-${crypto.randomUUID().slice(0, 8)}@shop.example`;
    const session = context.guest();
    const user = await session.expect(201, 'POST', '/users', {
      body: { email, name: `Contract ${context.run}`, password },
    });
    const tokens = await signIn(session, email, password);
    return { session, user, email, tokens };
  };
}

export async function signIn(session: Session, email: string, secret: string) {
  const tokens = await session.expect(200, 'POST', '/auth/login', { body: { email, password: secret } });
  session.token = tokens.accessToken;
  return tokens as { accessToken: string; refreshToken: string };
}

export function userCases(context: ContractContext): ContractCase[] {
  const open = accountMaker(context);
  const named = (name: string, run: () => Promise<void>): ContractCase => ({ name: `users: ${name}`, run });
  return [
    named('an account is opened once for an address, and is its owner’s to change', async () => {
      const { session, user, email } = await open();
      assert.deepEqual(user.roles, ['customer']);
      const body = { email: email.toUpperCase(), name: 'Again', password };
      await session.refused(409, 'email-taken', 'POST', '/users', { body });
      const profile = await session.expect(200, 'GET', '/users/me');
      assert.equal(profile.id, user.id);
      const changed = await session.expect(200, 'PATCH', '/users/me', { body: { name: 'Another Name' } });
      assert.equal(changed.name, 'Another Name');
      assert.equal((await session.expect(200, 'GET', `/users/${user.id}`)).name, 'Another Name');
      for (const shown of [user, profile, changed]) {
        assert.deepEqual(
          Object.keys(shown).filter((name) => /pass|pwd|hash|hsh|salt/i.test(name)),
          [],
        );
      }
    }),
    named('a wrong password and an unknown address are refused alike', async () => {
      const { email } = await open();
      const guest = context.guest();
      const wrong = await guest.call('POST', '/auth/login', { body: { email, password: 'wrong' } });
      const unknown = await guest.call('POST', '/auth/login', {
        body: { email: `nobody-${context.run}@shop.example`, password: 'wrong' },
      });
      assert.deepEqual(
        [wrong.status, wrong.body.code, wrong.body.detail],
        [unknown.status, unknown.body.code, unknown.body.detail],
      );
      assert.equal(wrong.status, 401);
    }),
    named('a refresh token is valid once; its second use ends the session', async () => {
      const { tokens } = await open();
      const guest = context.guest();
      const refresh = (refreshToken: string) =>
        guest.call('POST', '/auth/refresh', { body: { refreshToken } });
      const next = await refresh(tokens.refreshToken);
      assert.equal(next.status, 200);
      assert.notEqual(next.body.refreshToken, tokens.refreshToken);
      assert.equal((await refresh(tokens.refreshToken)).status, 401);
      assert.equal((await refresh(next.body.refreshToken)).status, 401);
    }),
    named('of concurrent refreshes with one token, one wins', async () => {
      const { tokens } = await open();
      const answers = await Promise.all(
        Array.from({ length: 5 }, () =>
          context.guest().call('POST', '/auth/refresh', { body: { refreshToken: tokens.refreshToken } }),
        ),
      );
      assert.equal(answers.filter(({ status }) => status === 200).length, 1);
    }),
    named('the cookie refreshes, too, and a logout ends it', async () => {
      const { session } = await open();
      session.token = undefined;
      const before = session.cookies.get('refresh_token');
      assert.ok(before);
      await session.expect(200, 'POST', '/auth/refresh');
      const after = session.cookies.get('refresh_token');
      assert.notEqual(after, before);
      await session.expect(204, 'POST', '/auth/logout');
      assert.equal(session.cookies.get('refresh_token'), undefined);
      const body = { refreshToken: decodeURIComponent(after ?? '') };
      await context.guest().refused(401, 'unauthorized', 'POST', '/auth/refresh', { body });
    }),
    named('a new password replaces the old one and ends all sessions', async () => {
      const { session, email, tokens } = await open();
      const next = 'another long password';
      const path = '/users/me/password';
      const wrong = await session.call('POST', path, {
        body: { currentPassword: 'wrong', newPassword: next },
      });
      assert.ok([401, 403].includes(wrong.status), `status ${wrong.status}`);
      await session.expect(204, 'POST', path, { body: { currentPassword: password, newPassword: next } });
      const guest = context.guest();
      await guest.refused(401, 'unauthorized', 'POST', '/auth/login', { body: { email, password } });
      await guest.refused(401, 'unauthorized', 'POST', '/auth/refresh', {
        body: { refreshToken: tokens.refreshToken },
      });
      await signIn(guest, email, next);
    }),
    named('customers see themselves only; staff see all', async () => {
      const [one, other] = [await open(), await open()];
      await one.session.refused(403, 'forbidden', 'GET', `/users/${other.user.id}`);
      await one.session.refused(403, 'forbidden', 'GET', '/users');
      await one.session.refused(403, 'forbidden', 'PUT', `/users/${one.user.id}/roles`, {
        body: { roles: ['admin'] },
      });
      await context.guest().refused(401, 'unauthorized', 'GET', '/users/me');
      const admin = await context.as('admin');
      const { items } = await eventually(async () => {
        const page = await admin.expect(200, 'GET', `/users?email=${encodeURIComponent(one.email)}`);
        assert.equal(page.items.length, 1);
        return page;
      });
      assert.equal(items[0].id, one.user.id);
    }),
    named('roles and blocking hold from the next token on', async () => {
      const { session, user, email, tokens } = await open();
      const admin = await context.as('admin');
      const roles = { roles: ['customer', 'manager'] };
      const set = await admin.expect(200, 'PUT', `/users/${user.id}/roles`, { body: roles });
      assert.deepEqual(set.roles.toSorted(), roles.roles);
      const again = await signIn(session, email, password);
      assert.deepEqual((decodeJwt(again.accessToken)['roles'] as string[]).toSorted(), roles.roles);
      // The catalogue, whoever answers for it, takes the new role from the token.
      await session.refused(404, 'not-found', 'PUT', '/products/2147483647/price', { body: { amount: '1' } });
      await admin.expect(200, 'PUT', `/users/${user.id}/status`, { body: { status: 'blocked' } });
      const guest = context.guest();
      await guest.refused(401, 'unauthorized', 'POST', '/auth/login', { body: { email, password } });
      await guest.refused(401, 'unauthorized', 'POST', '/auth/refresh', {
        body: { refreshToken: tokens.refreshToken },
      });
    }),
    named('an admin sees and sets what roles permit', async () => {
      const admin = await context.as('admin');
      const { user } = await open();
      const { roles } = await eventually(() => admin.expect(200, 'GET', `/users/${user.id}/roles`));
      assert.deepEqual(roles, ['customer']);
      const { items } = await admin.expect(200, 'GET', '/roles');
      const agent = items.find((item: { role: string }) => item.role === 'agent');
      const body = { permissions: agent.permissions };
      assert.deepEqual(await admin.expect(200, 'PUT', '/roles/agent/permissions', { body }), agent);
      const customer = await context.as('customer');
      await customer.refused(403, 'forbidden', 'GET', '/roles');
      await customer.refused(403, 'forbidden', 'PUT', '/roles/agent/permissions', { body });
    }),
    named('access tokens verify with the published keys', async () => {
      const { user, tokens } = await open();
      const jwks = await context.guest().expect(200, 'GET', '/.well-known/jwks.json');
      for (const key of jwks.keys) assert.ok(!('d' in key), 'a private key is published');
      const { payload, protectedHeader } = await jwtVerify(tokens.accessToken, createLocalJWKSet(jwks), {
        audience: 'shop',
        typ: 'at+jwt',
        algorithms: ['ES256'],
      });
      assert.equal(payload.sub, String(user.id));
      assert.ok(protectedHeader.kid);
      assert.ok((payload.exp ?? 0) - (payload.iat ?? 0) <= 900);
      for (const place of ['openid-configuration', 'oauth-authorization-server']) {
        const metadata = await context.guest().expect(200, 'GET', `/.well-known/${place}`);
        assert.equal(metadata.issuer, payload.iss);
      }
    }),
    named('a service gets a token of its own, and learns whether another is in force', async () => {
      if (context.client === undefined) return;
      const { tokens, user } = await open();
      const { id, secret } = context.client;
      const headers = { authorization: `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}` };
      const guest = context.guest();
      const issued = await guest.expect(200, 'POST', '/oauth/token', {
        headers,
        body: { grant_type: 'client_credentials' },
      });
      assert.equal(issued.token_type, 'Bearer');
      const introspect = (token: string) =>
        guest.expect(200, 'POST', '/oauth/introspect', { headers, body: { token } });
      const known = await introspect(tokens.accessToken);
      assert.deepEqual([known.active, known.sub], [true, String(user.id)]);
      assert.equal((await introspect(`${tokens.accessToken}x`)).active, false);
      await guest.refused(401, 'unauthorized', 'POST', '/oauth/introspect', { body: { token: 'x' } });
    }),
  ];
}
