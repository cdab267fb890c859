import { field } from './read-answer.ts';
import type { Ask, ShopClient } from './shop-client.ts';

/** Everybody of the sample shop has this password. */
const password = 'shop-password-1';

export async function logIn(client: ShopClient, email: string): Promise<void> {
  const ask: Ask = {
    method: 'POST',
    path: '/auth/login',
    route: '/auth/login',
    moving: false,
    body: { email, password },
  };
  const body = await client.expect(200, ask);
  const token = field(body, 'accessToken');
  if (typeof token === 'string') client.token = token;
  else if (body !== undefined) client.wrong(ask, 'the answer has no access token');
}
