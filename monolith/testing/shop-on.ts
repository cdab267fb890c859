import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FastifyInstance, InjectOptions } from 'fastify';
import { exportJWK, generateKeyPair } from 'jose';
import { buildApp } from '../app.ts';
import type { ShopConfig } from '../config.ts';
import { migrate } from '../migrate.ts';
import { seed } from '../seed/seed.ts';
import { seedPassword } from '../seed/users.ts';

export interface ShopUnderTest {
  app: FastifyInstance;
  config: ShopConfig;
  /** An access token of a seeded account: `customer1`, `manager`, `agent`, `admin`. */
  tokenOf(account: string): Promise<string>;
  /** Calls the shop in this process; a `token` becomes the authorization. */
  call(
    method: 'GET' | 'PUT' | 'POST' | 'PATCH' | 'DELETE',
    url: string,
    more?: { token?: string; body?: unknown; headers?: Record<string, string> },
  ): Promise<{ status: number; body: Record<string, unknown>; headers: Record<string, unknown> }>;
  close(): Promise<void>;
}

export async function writeKeys(folder: string): Promise<string> {
  const { privateKey } = await generateKeyPair('ES256', { extractable: true });
  const file = join(folder, 'keys.json');
  await writeFile(
    file,
    JSON.stringify({ keys: [{ ...(await exportJWK(privateKey)), kid: 'test', alg: 'ES256' }] }),
  );
  return file;
}

/** A small seeded shop on a real, empty database. */
export async function shopOn(databaseUrl: string, changes: Partial<ShopConfig> = {}): Promise<ShopUnderTest> {
  const folder = await mkdtemp(join(tmpdir(), 'shop-'));
  await migrate(databaseUrl);
  await seed(databaseUrl, 0.002);
  const config: ShopConfig = {
    host: '127.0.0.1',
    port: 0,
    databaseUrl,
    publicUrl: 'http://127.0.0.1:9',
    keysFile: changes.keysFile ?? (await writeKeys(folder)),
    issuer: 'matapalo-shop',
    trustedProxies: [],
    mailDir: undefined,
    payments: undefined,
    webhookSecret: 'webhook-secret',
    cartSecret: 'cart-secret',
    paymentPatienceSeconds: 600,
    orderStalledMs: 10_000,
    eventsSecret: undefined,
    poolSize: 10,
    logLevel: 'silent',
    ...changes,
  };
  const app = await buildApp(config);
  await app.ready();
  const tokens = new Map<string, string>();

  const call: ShopUnderTest['call'] = async (method, url, { token, body, headers } = {}) => {
    const request: InjectOptions = {
      method,
      url,
      headers: { ...headers, ...(token === undefined ? {} : { authorization: `Bearer ${token}` }) },
    };
    if (body !== undefined) request.payload = body as object;
    const answer = await app.inject(request);
    const text = answer.body;
    return {
      status: answer.statusCode,
      body: text.startsWith('{') ? (JSON.parse(text) as Record<string, unknown>) : {},
      headers: answer.headers,
    };
  };

  return {
    app,
    config,
    call,
    async tokenOf(account) {
      const known = tokens.get(account);
      if (known !== undefined) return known;
      const { body } = await call('POST', '/auth/login', {
        body: { email: `${account}@shop.example`, password: seedPassword },
      });
      const token = String(body['accessToken']);
      tokens.set(account, token);
      return token;
    },
    async close() {
      await app.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
