import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import pg from 'pg';

/**
 * The wallet application's HTTP face over a store. The monolith and the service are this with different SQL; neither
 * knows the tool beyond the two refusals that any application must answer: MP001 and 40001.
 */
export interface WalletStore {
  list(db: pg.Pool, limit: number): Promise<unknown[]>;
  find(db: pg.Pool, id: string): Promise<unknown>;
  findTransfer(db: pg.Pool, id: string): Promise<Transfer | undefined>;
  /** False when the balance does not suffice. Runs inside one transaction. */
  transfer(db: pg.PoolClient, transfer: Transfer): Promise<boolean>;
  tag(db: pg.Pool, wallet: string, tag: string): Promise<void>;
  untag(db: pg.Pool, wallet: string, tag: string): Promise<void>;
}

export interface Transfer {
  id: string;
  from: string;
  to: string;
  cents: number;
  memo: string | null;
}

interface Answer {
  status: number;
  body: unknown;
  headers?: Record<string, string>;
}

const uuid = '[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}';
const walletPath = new RegExp(`^/wallets/(${uuid})$`);
const transferPath = new RegExp(`^/transfers/(${uuid})$`);
const tagPath = new RegExp(`^/wallets/(${uuid})/tags/([a-z]{1,20})$`);

export async function serveWallets(
  name: string,
  databaseUrl: string,
  port: number,
  store: WalletStore,
): Promise<Server> {
  const pool = new pg.Pool({ connectionString: databaseUrl, max: 20, min: 20, application_name: name });
  pool.on('error', () => undefined);
  // Held writes arrive in one moment: connections that must be made first would hold them longer.
  await Promise.all(Array.from({ length: 20 }, () => pool.query('select 1')));
  const server = createServer((request, response) => {
    answer(pool, store, request)
      .catch((error: unknown) => refusal(error))
      .then((result) => send(response, name, result))
      .catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  process.once('SIGTERM', () => {
    server.close(() => process.exit(0));
    server.closeIdleConnections();
  });
  return server;
}

async function answer(pool: pg.Pool, store: WalletStore, request: IncomingMessage): Promise<Answer> {
  const url = new URL(request.url ?? '/', 'http://wallets');
  const path = url.pathname;
  const method = request.method ?? 'GET';
  if (path === '/readyz') {
    await pool.query('select 1');
    return { status: 200, body: { status: 'ok' } };
  }
  if (method === 'GET' && path === '/wallets') return { status: 200, body: await store.list(pool, 20) };
  const wallet = walletPath.exec(path)?.[1];
  if (method === 'GET' && wallet) return found(await store.find(pool, wallet));
  const transfer = transferPath.exec(path)?.[1];
  if (method === 'GET' && transfer) return found(await store.findTransfer(pool, transfer));
  const [, tagged, tag] = tagPath.exec(path) ?? [];
  if (tagged && tag && method === 'PUT') {
    await store.tag(pool, tagged, tag);
    return { status: 204, body: undefined };
  }
  if (tagged && tag && method === 'DELETE') {
    await store.untag(pool, tagged, tag);
    return { status: 204, body: undefined };
  }
  if (method === 'POST' && path === '/transfers') return post(pool, store, await readTransfer(request));
  return { status: 404, body: { code: 'not-found' } };
}

function found(value: unknown): Answer {
  return value === undefined ? { status: 404, body: { code: 'not-found' } } : { status: 200, body: value };
}

/** Idempotent by the transfer's id: the same again answers 200, another one under the same id 409. */
async function post(pool: pg.Pool, store: WalletStore, transfer: Transfer | undefined): Promise<Answer> {
  if (transfer === undefined) return { status: 400, body: { code: 'bad-request' } };
  const client = await pool.connect();
  let broken: Error | undefined;
  try {
    await client.query('begin');
    const moved = await store.transfer(client, transfer);
    await client.query(moved ? 'commit' : 'rollback');
    return moved ? { status: 201, body: transfer } : { status: 422, body: { code: 'insufficient-funds' } };
  } catch (error) {
    await client.query('rollback').catch((failure: unknown) => {
      broken = failure instanceof Error ? failure : new Error(String(failure));
    });
    if (sqlState(error) === '23505') {
      const same = await store.findTransfer(pool, transfer.id);
      return same?.cents === transfer.cents
        ? { status: 200, body: transfer }
        : { status: 409, body: { code: 'conflict' } };
    }
    throw error;
  } finally {
    client.release(broken);
  }
}

async function readTransfer(request: IncomingMessage): Promise<Transfer | undefined> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  try {
    const body = JSON.parse(Buffer.concat(chunks).toString()) as Partial<Transfer>;
    const { id, from, to, cents } = body;
    if (!id || !from || !to || !Number.isInteger(cents) || (cents ?? 0) <= 0 || from === to) return undefined;
    return { id, from, to, cents: cents ?? 0, memo: body.memo ?? null };
  } catch {
    return undefined;
  }
}

function sqlState(error: unknown): string | undefined {
  return typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : undefined;
}

function refusal(error: unknown): Answer {
  const code = sqlState(error);
  if (code === 'MP001' || code === '40001') {
    return {
      status: 503,
      body: { code: 'not-owner' },
      headers: { 'matapalo-refused': code, 'retry-after': '1' },
    };
  }
  return { status: 500, body: { code: 'internal', detail: String(error) } };
}

function send(response: ServerResponse, name: string, { status, body, headers }: Answer): void {
  response.writeHead(status, { 'content-type': 'application/json', 'x-served-by': name, ...headers });
  response.end(body === undefined ? undefined : JSON.stringify(body));
}
