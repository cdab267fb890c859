import { connect } from 'node:net';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { startCluster, type Cluster } from '#stack/clusters.ts';
import { startWorld, until, type World } from '../testing/world.ts';

let cluster: Cluster;
let world: World;
beforeAll(async () => {
  cluster = await startCluster();
  world = await startWorld(cluster);
});
afterAll(async () => {
  await world.close();
  await cluster.stop();
});
beforeEach(() => {
  world.monolith.seen.length = 0;
});

const head = (path: string, more: string) => `POST ${path} HTTP/1.1\r\nHost: x\r\n${more}\r\n\r\n`;
// A pipelined answer begins where the body before it ended, in the middle of a line.
const statusesOf = (received: string) =>
  [...received.matchAll(/HTTP\/1\.1 (\d{3})/g)].map((match) => Number(match[1]));
const large = 'x'.repeat(40_000);

/** Sends the pieces one by one, each when the one before has gone out, and waits for that many answers. */
async function exchange(pieces: readonly string[], answers = 1): Promise<number[]> {
  const { hostname, port } = new URL(world.proxy.url);
  const socket = connect(Number(port), hostname);
  socket.setNoDelay(true);
  let received = '';
  socket.on('data', (chunk: Buffer) => (received += chunk.toString('latin1')));
  for (const piece of pieces) {
    await new Promise<void>((resolve) => socket.write(piece, 'latin1', () => resolve()));
    await new Promise<void>((resolve) => setImmediate(resolve));
  }
  await until(() => statusesOf(received).length === answers, 'the answers');
  socket.destroy();
  return statusesOf(received);
}

test.each(['/items', '/of/no/group'])('a body arrives whole, however it was cut: %s', async (path) => {
  const cuts: [string[], string][] = [
    [[head(path, 'Content-Length: 5') + 'hello'], 'hello'],
    [[head(path, 'Content-Length: 5'), 'hello'], 'hello'],
    [[head(path, 'Content-Length: 5') + 'he', 'llo'], 'hello'],
    [[head(path, 'Content-Length: 5'), 'h', 'e', 'l', 'l', 'o'], 'hello'],
    [[head(path, 'Transfer-Encoding: chunked') + '5\r\nhello\r\n', '0\r\n\r\n'], 'hello'],
    [[head(path, 'Content-Length: 0')], ''],
    [[head(path, `Content-Length: ${large.length}`) + large], large],
    [[head(path, `Content-Length: ${large.length}`), large.slice(0, 20_000), large.slice(20_000)], large],
  ];
  for (const [pieces, body] of cuts) {
    world.monolith.seen.length = 0;
    expect(await exchange(pieces)).toEqual([200]);
    expect(world.monolith.seen.map((seen) => seen.body)).toEqual([body]);
  }
});

test('two requests with bodies in one packet are two requests, in order', async () => {
  const one = head('/items', 'Content-Length: 3') + 'one';
  const two = head('/items', 'Content-Length: 3') + 'two';
  expect(await exchange([one + two], 2)).toEqual([200, 200]);
  expect(world.monolith.seen.map((seen) => seen.body).sort()).toEqual(['one', 'two']);
});
