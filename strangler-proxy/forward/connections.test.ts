import { createServer, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { until } from '../testing/world.ts';
import { Connections } from './connections.ts';

const open = new Set<Socket>();
let server: Server;
let held: { url: string; response: ServerResponse }[];
let connections: Connections;

beforeEach(async () => {
  held = [];
  server = createServer((request, response) => held.push({ url: request.url ?? '', response }));
  server.on('connection', (socket) => {
    open.add(socket);
    socket.once('close', () => open.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  connections = new Connections(`http://127.0.0.1:${port}`, 2, { pipelining: 1 });
});

afterEach(async () => {
  await connections.close();
  server.closeAllConnections();
  server.close();
});

function send(path: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    connections.dispatch(
      { path, method: 'GET' },
      {
        onRequestStart: () => undefined,
        onResponseStart: () => undefined,
        onResponseData: (_controller, chunk) => void (text += chunk.toString()),
        onResponseEnd: () => resolve(text),
        onResponseError: (_controller, error) => reject(error),
      },
    );
  });
}

const answer = (url: string) => held.find((one) => one.url === url)?.response.end(url);

test('no more connections than allowed; what is beyond waits in order of arrival and is answered', async () => {
  const sent = ['/1', '/2', '/3', '/4', '/5'].map((path) => send(path));
  await until(() => held.length === 2);
  expect(connections.busy).toBe(2);
  expect(connections.queued).toBe(3);
  answer('/2');
  await until(() => held.length === 3);
  expect(held.map((one) => one.url)).toEqual(['/1', '/2', '/3']);
  for (const path of ['/1', '/3', '/4', '/5']) {
    await until(() => held.some((one) => one.url === path));
    answer(path);
  }
  expect(await Promise.all(sent)).toEqual(['/1', '/2', '/3', '/4', '/5']);
  expect(connections.busy).toBe(0);
  expect(connections.idle).toBe(2);
});

test('a connection that broke is opened anew for the next request', async () => {
  const first = send('/first');
  await until(() => held.length === 1);
  held[0]?.response.destroy();
  await expect(first).rejects.toThrow();
  const second = send('/second');
  await until(() => held.length === 2);
  answer('/second');
  expect(await second).toBe('/second');
});

test('one request after another uses one connection', async () => {
  for (const path of ['/1', '/2', '/3']) {
    const sent = send(path);
    await until(() => held.some((one) => one.url === path));
    answer(path);
    await sent;
  }
  expect(open.size).toBe(1);
});

test('closing ends what is under way and what waits', async () => {
  const sent = ['/1', '/2', '/3'].map((path) => send(path));
  await until(() => held.length === 2);
  const all = Promise.allSettled(sent);
  await connections.close();
  expect((await all).map((one) => one.status)).toEqual(['rejected', 'rejected', 'rejected']);
  await expect(send('/late')).rejects.toThrow();
});
