import { connect, type Socket } from 'node:net';
import { once } from 'node:events';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { startCluster, type Cluster } from '#stack/clusters.ts';
import { statusesOf } from './testing/raw.ts';
import { startWorld, until, type World } from './testing/world.ts';

const maxConnections = 40;
let cluster: Cluster;
let world: World;
const sockets: Socket[] = [];
beforeAll(async () => {
  cluster = await startCluster();
});
afterAll(() => cluster.stop());
beforeEach(async () => {
  world = await startWorld(cluster, { proxy: { clientHeadersTimeoutMs: 500, maxConnections } });
});
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await world.close();
});

/** A connection that has sent these bytes; `received` grows with what comes back. */
async function open(bytes: string) {
  const { hostname, port } = new URL(world.proxy.url);
  const socket = connect(Number(port), hostname);
  sockets.push(socket);
  const client = { socket, received: '', closed: false };
  socket.on('data', (chunk: Buffer) => (client.received += chunk.toString('latin1')));
  socket.on('error', () => undefined);
  socket.on('close', () => (client.closed = true));
  await once(socket, 'connect');
  if (bytes !== '') socket.write(bytes);
  return client;
}

const served = async () => (await fetch(`${world.proxy.url}/items`)).status;

test('clients that never finish their headers are let go with 408, and others are served meanwhile', async () => {
  const slow = await Promise.all(
    Array.from({ length: 20 }, () => open('GET /items HTTP/1.1\r\nHost: x\r\nX-Slow: ')),
  );
  expect(await served()).toBe(200);
  await until(() => slow.every(({ closed }) => closed), 'the slow clients to be let go');
  expect(slow.flatMap(({ received }) => statusesOf(received))).toEqual(slow.map(() => 408));
  expect(world.monolith.seen.map(({ headers }) => headers['x-slow'])).toEqual([undefined]);
});

test('more connections than the bound are closed; once some are free, clients are served again', async () => {
  const idle = await Promise.all(Array.from({ length: maxConnections + 10 }, () => open('')));
  await until(() => idle.filter(({ closed }) => closed).length >= 10, 'those beyond the bound to be closed');
  expect(idle.filter(({ closed }) => !closed).length).toBeLessThanOrEqual(maxConnections);
  for (const { socket } of idle) socket.destroy();
  await until(async () => (await served().catch(() => 0)) === 200, 'a free place');
});

test('a body that comes in drops holds its own connection only', async () => {
  const drops = await open('POST /items HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n1');
  for (const digit of '23456789') {
    expect(await served()).toBe(200);
    drops.socket.write(digit);
  }
  drops.socket.write('0');
  await until(() => statusesOf(drops.received).length === 1, 'the answer');
  expect(world.monolith.seen.find(({ method }) => method === 'POST')?.body).toBe('1234567890');
});
