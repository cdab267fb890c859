import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { assertPromised } from './contract.ts';

export interface StandInCall {
  method: string;
  path: string;
  headers: IncomingMessage['headers'];
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- each test asserts what it reads
  body: any;
}

export interface StandInAnswer {
  status: number;
  body?: unknown;
}

export interface ShopStandIn {
  url: string;
  calls: StandInCall[];
  /** What went wrong with its own answers: nothing, or the stand-in is none. */
  broken: Error[];
  token(subject: string, roles?: string[]): Promise<string>;
  stop(): Promise<void>;
}

/**
 * Stands in for the other services at the shop's public address. Whatever it answers is held to the OpenAPI document, so that a
 * service is not tested against what its neighbours would never say. It issues tokens, and publishes its key.
 */
export async function startShopStandIn(
  answer: (call: StandInCall) => StandInAnswer | undefined,
): Promise<ShopStandIn> {
  const { publicKey, privateKey } = await generateKeyPair('ES256');
  const jwk = { ...(await exportJWK(publicKey)), kid: 'test', alg: 'ES256', use: 'sig' };
  const token = (subject: string, roles: string[] = [], scope = '') =>
    new SignJWT({ roles, scope })
      .setProtectedHeader({ alg: 'ES256', kid: 'test', typ: 'at+jwt' })
      .setIssuer('matapalo-shop')
      .setAudience('shop')
      .setSubject(subject)
      .setIssuedAt()
      .setExpirationTime('15m')
      .sign(privateKey);
  const calls: StandInCall[] = [];
  const broken: Error[] = [];

  async function respond(call: StandInCall): Promise<StandInAnswer> {
    if (call.path === '/.well-known/jwks.json') return { status: 200, body: { keys: [jwk] } };
    if (call.path === '/oauth/token') {
      const issued = {
        access_token: await token('service'),
        token_type: 'Bearer',
        expires_in: 900,
        scope: '',
      };
      return { status: 200, body: issued };
    }
    calls.push(call);
    return answer(call) ?? problem(404, 'not-found');
  }

  const server = createServer((request, response) => {
    void (async () => {
      const parts: Buffer[] = [];
      for await (const part of request) parts.push(part as Buffer);
      const text = Buffer.concat(parts).toString();
      const { method = 'GET', url: path = '/', headers } = request;
      const isJson = headers['content-type']?.includes('json') === true && text !== '';
      const { status, body } = await respond({
        method,
        path,
        headers,
        body: isJson ? JSON.parse(text) : text,
      });
      const type = status >= 400 ? 'application/problem+json; charset=utf-8' : 'application/json';
      try {
        const shown = { status, headers: new Headers({ 'content-type': type }), body };
        // A neighbour that is away says what it likes.
        if (status < 500) assertPromised(method, path, shown);
      } catch (error) {
        broken.push(error as Error);
      }
      response.writeHead(status, { 'content-type': type });
      response.end(body === undefined ? '' : JSON.stringify(body));
    })();
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    calls,
    broken,
    token,
    async stop() {
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    },
  };
}

export const problem = (status: number, code: string): StandInAnswer => ({
  status,
  body: { type: `/problems/${code}`, title: code, status, detail: code, code },
});
