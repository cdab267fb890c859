import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decodeProtectedHeader } from 'jose';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { OperatorApi } from '#stack/demo/operator-api.ts';
import { startShop, type Shop } from '#stack/shop.ts';
import { eventually, Session } from '../contract/session.ts';
import { GroupWay } from './group-way.ts';

const password = 'shop-password-1';
const root = join(import.meta.dirname, '../..');

interface Tokens {
  accessToken: string;
  refreshToken: string;
}

/** What was issued, used, revoked or blocked on one side holds on the other: through a switch, a rollback and a switch. */
describe('tokens and sessions across the move of the users', () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'matapalo-tokens-'));
  const closed = new AbortController();
  const client = `Basic ${Buffer.from('orders-service:service-secret-1').toString('base64')}`;
  let shop: Shop;
  let way: GroupWay;
  let guest: Session;
  /** Sessions by name, each with its newest tokens. */
  const kept = new Map<string, Tokens>();
  const spent = new Map<string, Tokens>();

  const signIn = async (name: string): Promise<Tokens> => {
    const email = `${name}@shop.example`;
    const tokens = (await guest.expect(200, 'POST', '/auth/login', { body: { email, password } })) as Tokens;
    kept.set(name, tokens);
    return tokens;
  };
  const refresh = (refreshToken: string) => guest.call('POST', '/auth/refresh', { body: { refreshToken } });
  const renew = async (name: string): Promise<void> => {
    const before = tokensOf(name);
    const answer = await refresh(before.refreshToken);
    expect([name, answer.status]).toEqual([name, 200]);
    spent.set(name, before);
    kept.set(name, answer.body as Tokens);
  };
  const tokensOf = (name: string): Tokens => {
    const tokens = kept.get(name);
    if (tokens === undefined) throw new Error(`Nobody signed in as ${name}.`);
    return tokens;
  };
  const introspect = async (token: string): Promise<boolean> => {
    const options = { headers: { authorization: client }, body: { token } };
    return (await guest.expect(200, 'POST', '/oauth/introspect', options)).active as boolean;
  };
  /** An access token is taken by the users' own routes, by another module's, and by whoever introspects it. */
  const expectInForce = async (name: string) => {
    const { accessToken } = tokensOf(name);
    const session = new Session(shop.url, accessToken);
    expect((await session.expect(200, 'GET', '/users/me')).email).toBe(`${name}@shop.example`);
    await session.expect(200, 'GET', '/orders');
    expect([name, await introspect(accessToken)]).toEqual([name, true]);
  };
  const rotate = async () => {
    const before = kidOf(await signIn('customer9'));
    const run = spawnSync(process.execPath, ['services/users/rotate-keys.ts', '--publish-seconds', '0'], {
      cwd: root,
      env: { ...process.env, JWT_KEYS_FILE: join(dataDir, 'keys.json') },
      encoding: 'utf8',
    });
    expect([run.status, run.stdout]).toEqual([0, expect.stringContaining('another key signs now')]);
    // Issuers read the ring again by themselves.
    await eventually(async () => expect(kidOf(await signIn('customer9'))).not.toBe(before));
    // These rotations do not wait until verifiers know the next key; one asks for new keys at most once in 10 s.
    const session = new Session(shop.url, tokensOf('customer9').accessToken);
    await eventually(() => session.expect(200, 'GET', '/users/me'));
  };
  const kidOf = ({ accessToken }: Tokens) => decodeProtectedHeader(accessToken).kid;
  const passwordHash = async (id: number) => {
    const [cluster, database, sql] = [shop.clusters.services, 'users', 'credentials where account_id'];
    const found = await cluster.query(`select password_hash as hash from ${sql} = ${id}`, database);
    return found.rows[0]?.hash as string;
  };
  const resetSecret = async (id: number): Promise<string> =>
    eventually(async () => {
      const secret = /^([\w-]{43})$/m.exec(
        readFileSync(join(dataDir, 'mail', `reset-${id}.eml`), 'utf8'),
      )?.[1];
      if (secret === undefined) throw new Error('There is no secret in the mail.');
      return secret;
    });
  /** Reads for the shadow to compare: a switch wants a hundred. */
  const browse = async () => {
    const admin = new Session(shop.url, tokensOf('admin').accessToken);
    for (let turn = 0; turn < 60; turn += 1) {
      await admin.expect(200, 'GET', '/roles');
      await admin.expect(200, 'GET', `/users/${1 + (turn % 20)}`);
      await guest.expect(200, 'GET', '/.well-known/jwks.json');
    }
  };

  beforeAll(async () => {
    shop = await startShop({ dataDir, port: 0, scale: 0.002, services: ['users'] });
    way = new GroupWay(new OperatorApi(shop.operatorUrl, shop.token, closed.signal), 'users');
    guest = new Session(shop.url);
  }, 300_000);
  afterAll(async () => {
    closed.abort();
    await shop?.stop();
    rmSync(dataDir, { recursive: true, force: true });
  });

  test('before: sessions are opened, one is ended, one is renewed, one account is locked out', async () => {
    for (const name of ['admin', 'customer1', 'customer2', 'customer3', 'customer4']) await signIn(name);
    await guest.expect(204, 'POST', '/auth/logout', {
      body: { refreshToken: tokensOf('customer2').refreshToken },
    });
    await renew('customer3');
    for (let wrong = 0; wrong < 11; wrong += 1)
      await guest.call('POST', '/auth/login', {
        body: { email: 'customer5@shop.example', password: 'wrong' },
      });
    await guest.expect(202, 'POST', '/auth/forgot-password', { body: { email: 'customer6@shop.example' } });
    await rotate();
    for (const name of ['customer1', 'customer4']) await expectInForce(name);
  });

  test('after the switch: what the monolith issued is used, renewed, refused and locked as before', async () => {
    await way.sync();
    await way.shadow();
    await browse();
    await way.canary(50);
    await way.switch();
    await expectInForce('customer1');
    await expectInForce('customer4');
    expect((await refresh(tokensOf('customer2').refreshToken)).status).toBe(401);
    expect(await introspect(tokensOf('customer2').accessToken)).toBe(false);
    const body = { email: 'customer5@shop.example', password };
    await guest.refused(429, 'too-many-requests', 'POST', '/auth/login', { body });
    // A token that was used on the other side counts as used: the session that it is of ends.
    expect((await refresh(spent.get('customer3')?.refreshToken ?? '')).status).toBe(401);
    expect((await refresh(tokensOf('customer3').refreshToken)).status).toBe(401);
    const reset = { token: await resetSecret(6), newPassword: 'a new long password' };
    await guest.expect(204, 'POST', '/auth/reset-password', { body: reset });
    await guest.refused(422, 'link-invalid', 'POST', '/auth/reset-password', { body: reset });
    await renew('customer1');
    expect(await passwordHash(7)).toMatch(/^pbkdf2\$/);
    await signIn('customer7');
    expect(await passwordHash(7)).toMatch(/^\$argon2id\$/);
    await rotate();
    await expectInForce('customer1');
    await expectInForce('customer4');
    await signIn('customer8');
    await guest.expect(200, 'POST', '/oauth/revoke', {
      headers: { authorization: client },
      body: { token: tokensOf('customer8').accessToken },
    });
  }, 240_000);

  test('after the rollback: what the service issued is used, renewed and refused by the monolith', async () => {
    await way.rollback();
    for (const name of ['customer1', 'customer4', 'customer7']) await expectInForce(name);
    await renew('customer7');
    await renew('customer4');
    // The upgraded hash, and the password that was set by mail, are the monolith's now.
    await signIn('customer7');
    await guest.refused(401, 'unauthorized', 'POST', '/auth/login', {
      body: { email: 'customer6@shop.example', password },
    });
    await guest.expect(200, 'POST', '/auth/login', {
      body: { email: 'customer6@shop.example', password: 'a new long password' },
    });
    for (const name of ['customer2', 'customer3', 'customer8']) {
      expect([name, (await refresh(tokensOf(name).refreshToken)).status]).toEqual([name, 401]);
      expect([name, await introspect(tokensOf(name).accessToken)]).toEqual([name, false]);
    }
    const reset = { token: await resetSecret(6), newPassword: 'yet another password' };
    await guest.refused(422, 'link-invalid', 'POST', '/auth/reset-password', { body: reset });
    // The successor was issued by the service, and its predecessor used there.
    expect((await refresh(spent.get('customer1')?.refreshToken ?? '')).status).toBe(401);
    expect((await refresh(tokensOf('customer1').refreshToken)).status).toBe(401);
    await rotate();
    await expectInForce('customer4');
  }, 240_000);

  test('after the second switch: all of it once more, and the sides are equal', async () => {
    await browse();
    await way.switch();
    for (const name of ['customer4', 'customer7']) {
      await expectInForce(name);
      await renew(name);
      await expectInForce(name);
    }
    for (const name of ['customer1', 'customer2', 'customer3', 'customer8'])
      expect([name, (await refresh(tokensOf(name).refreshToken)).status]).toEqual([name, 401]);
    await way.retire();
    await signIn('customer1');
    await expectInForce('customer1');
  }, 240_000);
});
