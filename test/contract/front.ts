import { createServer, request as send, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Passing {
  method: string;
  path: string;
  /** Before the call reaches its target, or after the target has done its work and before the caller hears of it. */
  phase: 'before' | 'after';
}

export interface Front {
  url: string;
  stop(): Promise<void>;
}

/**
 * One address for several processes: sends each call to its target, and shows it to `watch` on its way there and back. A target
 * that is away is a 502, as behind any proxy.
 */
export async function startFront(
  targetOf: (path: string) => string,
  watch: (passing: Passing) => Promise<void> | void = () => undefined,
): Promise<Front> {
  const server = createServer((incoming, outgoing) => {
    void (async () => {
      const { method = 'GET', url: path = '/' } = incoming;
      const body = await readAll(incoming);
      await watch({ method, path, phase: 'before' });
      const answer = await pass(targetOf(path) + path, incoming, body);
      await watch({ method, path, phase: 'after' });
      outgoing.writeHead(answer.status, answer.headers);
      outgoing.end(answer.body);
    })().catch(() => {
      if (!outgoing.headersSent) outgoing.writeHead(502, { 'content-type': 'text/plain' });
      outgoing.end();
    });
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    async stop() {
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    },
  };
}

async function readAll(stream: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of stream) parts.push(part as Buffer);
  return Buffer.concat(parts);
}

function pass(url: string, { method, headers }: IncomingMessage, body: Buffer) {
  return new Promise<{ status: number; headers: IncomingMessage['headers']; body: Buffer }>(
    (done, failed) => {
      const { host: _, connection: __, 'transfer-encoding': ___, ...handedOn } = headers;
      const length = body.length > 0 ? { 'content-length': String(body.length) } : {};
      const outgoing = send(url, { method, agent: false, headers: { ...handedOn, ...length } }, (answer) => {
        readAll(answer).then((read) => {
          const { connection: ____, 'transfer-encoding': _____, ...passed } = answer.headers;
          done({ status: answer.statusCode ?? 502, headers: passed, body: read });
        }, failed);
      });
      outgoing.on('error', failed);
      outgoing.end(body);
    },
  );
}
