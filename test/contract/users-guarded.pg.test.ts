import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { installGuard } from '#guard/install.ts';
import { moveOwnership } from '#guard/ownership.ts';
import { usersGroup as group } from './carry-rows.ts';
import { seededAccounts } from './monolith-alone.ts';
import { Session } from './session.ts';
import { startUsersAlone, type UsersAlone } from './users-alone.ts';

let shop: UsersAlone;
let pool: pg.Pool;
const query = async (sql: string) => (await shop.cluster.query(sql, shop.database)).rows;
const customer = { email: 'customer1@shop.example', password: 'shop-password-1' };

beforeAll(async () => {
  shop = await startUsersAlone({ standalone: false });
  pool = new pg.Pool({ connectionString: shop.cluster.url(shop.database), max: 2 });
});
afterAll(async () => {
  await pool?.end();
  await shop?.stop();
});

/** Each write that the service may receive; the token names no account that matters. */
const writes: [method: string, path: string, body: unknown][] = [
  ['POST', '/users', { email: 'new@shop.example', name: 'New', password: 'a long enough password' }],
  ['POST', '/auth/login', customer],
  ['POST', '/auth/refresh', { refreshToken: 'x'.repeat(43) }],
  ['POST', '/auth/logout', { refreshToken: 'x'.repeat(43) }],
  ['POST', '/auth/forgot-password', { email: customer.email }],
  ['POST', '/auth/verify-email', { token: 'x'.repeat(43) }],
];

async function expectAllRefused(): Promise<void> {
  const before = await query('select * from accounts order by id');
  for (const [method, path, body] of writes) {
    const answer = await new Session(shop.baseUrl).send(method, path, { body });
    expect([path, answer.status, answer.body?.code]).toEqual([path, 503, 'not-owner']);
    expect(answer.headers.get('matapalo-refused')).toBe('MP001');
    expect(answer.headers.get('retry-after')).toBe('1');
  }
  expect(await query('select * from accounts order by id')).toEqual(before);
  expect(await query('select * from outbox')).toEqual([]);
  expect(await query('select * from attempts')).toEqual([]);
}

describe('a users service that does not stand alone', () => {
  test('refuses every write while nobody has given it the group, and publishes the keys all the same', async () => {
    await expectAllRefused();
    const { keys } = await new Session(shop.baseUrl).expect(200, 'GET', '/.well-known/jwks.json');
    expect(keys).toHaveLength(2);
  });

  test('refuses every write while the monolith owns the group, and takes them once it owns it', async () => {
    await installGuard(pool, group, 'service', 'legacy', 1n);
    await expectAllRefused();
    await moveOwnership(pool, 'users', {
      from: { owner: 'legacy', epoch: 1n },
      to: { owner: 'service', epoch: 2n },
      timeoutMs: 10_000,
    });
    const session = new Session(shop.baseUrl);
    await session.expect(200, 'POST', '/auth/login', { body: customer });
    const { id, secret } = seededAccounts.client ?? { id: '', secret: '' };
    const headers = { authorization: `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}` };
    const body = { grant_type: 'client_credentials' };
    await session.expect(200, 'POST', '/oauth/token', { headers, body });
  });
});
