import { timingSafeEqual } from 'node:crypto';
import type { FastifyRequest } from 'fastify';
import { rows, type Sql } from '#kernel/db/statements.ts';
import { refuse } from '../rules/refusal.ts';
import { hashSecret } from '../store/data-source.ts';

export interface Client {
  id: string;
  scopes: string[];
}

export interface Credentials {
  client_id?: string;
  client_secret?: string;
}

/** The service behind a call to an OAuth endpoint: HTTP Basic, else the body (RFC 6749, 2.3.1). */
export async function authenticateClient(
  sql: Sql,
  request: FastifyRequest,
  body: Credentials,
): Promise<Client> {
  const { id, secret } = basicOf(request.headers.authorization) ?? {
    id: body.client_id ?? '',
    secret: body.client_secret ?? '',
  };
  const [found] = id.includes('\0')
    ? []
    : await rows<{ hash: Buffer; scopes: string }>(
        sql,
        'select secret_hash as hash, scopes from clients where id = $1',
        [id],
      );
  const isRight = timingSafeEqual(hashSecret(secret), found?.hash ?? hashSecret(''));
  if (found === undefined || !isRight) {
    throw refuse('unauthorized', 'The client is unknown, or its secret is wrong.', {
      headers: { 'www-authenticate': 'Basic realm="shop"' },
    });
  }
  return { id, scopes: found.scopes.split(' ').filter(Boolean) };
}

function basicOf(header: string | undefined): { id: string; secret: string } | undefined {
  const encoded = /^Basic ([A-Za-z0-9+/=]{1,2000})$/i.exec(header ?? '')?.[1];
  if (encoded === undefined) return undefined;
  const text = Buffer.from(encoded, 'base64').toString('utf8');
  const colon = text.indexOf(':');
  if (colon < 0) return undefined;
  try {
    return {
      id: decodeURIComponent(text.slice(0, colon)),
      secret: decodeURIComponent(text.slice(colon + 1)),
    };
  } catch {
    return undefined;
  }
}

/** The scopes of a token: what was asked for, as far as the client may have it; all of it when nothing was asked. */
export function grantedScope(client: Client, asked: string | undefined): string {
  if (asked === undefined || asked.trim() === '') return client.scopes.join(' ');
  const wanted = asked.split(' ').filter(Boolean);
  const beyond = wanted.filter((scope) => !client.scopes.includes(scope));
  if (beyond.length > 0)
    throw refuse('bad-request', `The client may not have the scope ${beyond.join(' ')}.`);
  return wanted.join(' ');
}
