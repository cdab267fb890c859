import { createServiceToken } from '#kernel/auth/service-token.ts';
import { afterAll, describe, expect, test } from 'vitest';
import { seededAccounts } from '../../test/contract/monolith-alone.ts';
import { Session } from '../../test/contract/session.ts';
import { contractSuite } from '../../test/contract/suite.ts';
import { startUsersAlone } from '../../test/contract/users-alone.ts';

const shop = await startUsersAlone();
afterAll(() => shop.stop());
const query = async (sql: string) => (await shop.cluster.query(sql, shop.database)).rows;

describe("the shop's contract, by the users service alone", () => {
  const cases = contractSuite(shop.baseUrl, { ...seededAccounts, mailDir: shop.mailDir, parts: ['users'] });
  for (const { name, run } of cases) test(name, run);
});

describe('what only this side does', () => {
  const login = (session: Session, email: string, password = 'shop-password-1', headers = {}) =>
    session.call('POST', '/auth/login', { body: { email, password }, headers });

  test('a right password brings its old hash to argon2id, a wrong one does not', async () => {
    const hashOf = async () =>
      (await query(`select password_hash as hash from credentials where account_id = 50`))[0]?.hash as string;
    await query(`
      insert into accounts (id, given_name, email) values (50, 'Old', 'old@shop.example');
      insert into credentials select 50, password_hash from credentials where account_id = 1;
    `);
    const before = (await query(`select password_hash as hash from credentials where account_id = 50`))[0];
    expect(before).toMatchObject({ hash: expect.stringMatching(/^(pbkdf2\$|\$argon2id\$)/) });
    await query(`update credentials set password_hash = '${await oldForm()}' where account_id = 50`);
    const session = new Session(shop.baseUrl);
    expect((await login(session, 'old@shop.example', 'wrong password')).status).toBe(401);
    expect(await hashOf()).toMatch(/^pbkdf2\$/);
    expect((await login(session, 'old@shop.example')).status).toBe(200);
    expect(await hashOf()).toMatch(/^\$argon2id\$/);
    expect((await login(session, 'old@shop.example')).status).toBe(200);
  });

  test('two instances count attempts together, and many at once get no further than one by one', async () => {
    const sides = [new Session(shop.baseUrl), new Session(await shop.another())];
    const answers = await Promise.all(
      Array.from({ length: 30 }, (_, turn) =>
        login(sides[turn % 2] as Session, 'manager@shop.example', 'wrong'),
      ),
    );
    const statuses = answers.map(({ status }) => status);
    expect(statuses.filter((status) => status === 401)).toHaveLength(10);
    expect(statuses.filter((status) => status === 429)).toHaveLength(20);
  });

  test('an address is throttled by what the proxy in front says, whatever accounts it tries', async () => {
    const from = (address: string) => ({ 'x-forwarded-for': address });
    await query(`
      insert into attempts values ('login-address', sha256('203.0.113.9'), 1000, now());
    `);
    const session = new Session(shop.baseUrl);
    const blocked = await login(session, 'agent@shop.example', 'shop-password-1', from('203.0.113.9'));
    expect([blocked.status, blocked.body.code]).toEqual([429, 'too-many-requests']);
    expect((await login(session, 'agent@shop.example', 'shop-password-1', from('203.0.113.8'))).status).toBe(
      200,
    );
  });

  test('a service fetches a token of its own once, however many calls need it', async () => {
    const { id: clientId, secret: clientSecret } = seededAccounts.client ?? { id: '', secret: '' };
    const ours = createServiceToken({ publicUrl: shop.baseUrl, clientId, clientSecret });
    const tokens = await Promise.all([ours(), ours(), ours()]);
    expect(new Set([...tokens, await ours()]).size).toBe(1);
    await new Session(shop.baseUrl, tokens[0]).expect(200, 'GET', '/users/1');
    const wrong = createServiceToken({ publicUrl: shop.baseUrl, clientId, clientSecret: 'wrong' });
    await expect(wrong()).rejects.toMatchObject({ code: 'unauthorized' });
  });

  test('each change tells of itself once, with versions that grow, and nothing personal', async () => {
    const session = new Session(shop.baseUrl);
    const body = { email: 'events@shop.example', name: 'Eve Nts', password: 'a long enough password' };
    const { id } = await session.expect(201, 'POST', '/users', { body });
    session.token = (await login(session, body.email, body.password)).body.accessToken;
    await session.expect(200, 'PATCH', '/users/me', { body: { name: 'Eve N. Ts' } });
    await session.expect(204, 'DELETE', `/users/${id}`);
    await session.expect(204, 'DELETE', `/users/${id}`);
    const events = await query(
      `select type, version::int, payload from outbox where aggregate_id = '${id}' order by version`,
    );
    expect(events).toEqual([
      { type: 'user.registered', version: 1, payload: { userId: id } },
      { type: 'user.profile-changed', version: 2, payload: { userId: id, fields: ['name'] } },
      { type: 'user.erased', version: 3, payload: { userId: id } },
    ]);
    const [{ rest } = { rest: '' }] = await query(
      `select (select json_agg(a) from accounts a)::text || (select json_agg(o) from outbox o)::text as rest`,
    );
    expect(rest).not.toMatch(/Eve|events@shop/);
  });
});

async function oldForm(): Promise<string> {
  const { hashPassword } = await import('../../monolith/users/password.ts');
  return hashPassword('shop-password-1');
}
