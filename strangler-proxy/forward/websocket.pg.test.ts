import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { MatapaloError } from '#kernel/errors.ts';
import { startCluster, type Cluster } from '#stack/clusters.ts';
import { startWorld, until, type World } from '../testing/world.ts';

let cluster: Cluster;
let world: World;
let sockets: WebSocketServer[];
beforeAll(async () => {
  cluster = await startCluster();
});
afterAll(() => cluster.stop());
beforeEach(async () => {
  world = await startWorld(
    cluster,
    {
      routes: ['GET /items', 'GET /live', { route: 'GET /private', auth: 'verify' }],
      auth: { issuer: 'i', audience: 'a', jwksUrl: 'http://127.0.0.1:9/jwks' },
    },
    1,
    {
      verify: async (authorization) => {
        if (authorization !== 'Bearer good') throw new MatapaloError('unauthorized', 'No.');
        return { subject: 's', roles: [], scopes: [], claims: {} };
      },
    },
  );
  sockets = [['legacy', world.monolith] as const, ['service', world.service] as const].map(
    ([name, upstream]) => {
      const server = new WebSocketServer({ server: upstream.server });
      server.on('connection', (socket, request) => {
        socket.send(
          JSON.stringify({ side: name, url: request.url, authorization: request.headers.authorization }),
        );
        socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary }));
      });
      return server;
    },
  );
});
afterEach(async () => {
  for (const server of sockets) for (const client of server.clients) client.terminate();
  await world.close();
});

const connect = async (path: string, headers: Record<string, string> = {}) => {
  const socket = new WebSocket(world.proxy.url.replace('http', 'ws') + path, { headers });
  socket.on('error', () => undefined);
  const [data] = (await once(socket, 'message')) as [Buffer];
  return { socket, hello: JSON.parse(data.toString('utf8')) as Record<string, unknown> };
};
const refusal = async (path: string, headers: Record<string, string> = {}) => {
  const socket = new WebSocket(world.proxy.url.replace('http', 'ws') + path, { headers });
  socket.on('error', () => undefined);
  const [, response] = (await once(socket, 'unexpected-response')) as [unknown, { statusCode: number }];
  return response.statusCode;
};

test('frames of all sizes pass both ways, with credentials and query', async () => {
  const { socket, hello } = await connect('/live?a=1', { authorization: 'Bearer t' });
  expect(hello).toEqual({ side: 'legacy', url: '/live?a=1', authorization: 'Bearer t' });
  for (const size of [0, 1, 125, 126, 65_535, 65_536, 1_000_000]) {
    socket.send(Buffer.alloc(size, 'x'));
    const [data] = (await once(socket, 'message')) as [Buffer];
    expect(data.length).toBe(size);
  }
  socket.close(1000);
  const [code] = (await once(socket, 'close')) as [number];
  expect(code).toBe(1000);
});

test('a hold closes the sockets of its group with 1012, and then it has drained', async () => {
  await world.publish({ phase: 'canary', epoch: 1n });
  const { socket } = await connect('/live');
  const other = await connect('/elsewhere');
  const closed = once(socket, 'close');
  const holding = randomUUID();
  await world.publish({ holding });
  expect(((await closed) as [number])[0]).toBe(1012);
  await until(async () => {
    const { rows } = await world.db.query('select from proxy where drained ? $1', [holding]);
    return rows.length === 1;
  }, 'the drain');
  expect(await refusal('/live')).toBe(503);
  expect(other.socket.readyState).toBe(WebSocket.OPEN);
  await world.publish({ phase: 'migrated', epoch: 2n, holding: null });
  expect((await connect('/live')).hello).toMatchObject({ side: 'service' });
});

test('without a good token the upstream is not asked', async () => {
  expect(await refusal('/private')).toBe(401);
  expect(await refusal('/private', { authorization: 'Bearer bad' })).toBe(401);
  expect(sockets[0]?.clients.size).toBe(0);
  expect((await connect('/private', { authorization: 'Bearer good' })).hello).toMatchObject({
    side: 'legacy',
  });
});

test('an upstream that does not upgrade has its answer passed on', async () => {
  for (const server of sockets) server.close();
  world.monolith.server.removeAllListeners('upgrade');
  world.monolith.answer = (_request, response) => response.writeHead(404).end('no');
  expect(await refusal('/live')).toBe(404);
});

test('a path that can be read in two ways is refused', async () => {
  expect(await refusal('/live%2f..')).toBe(400);
});
