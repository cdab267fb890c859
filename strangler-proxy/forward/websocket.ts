import { request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { Socket } from 'node:net';
import { STATUS_CODES } from 'node:http';
import type { Problem } from '#kernel/http/problem.ts';
import { problemType } from '#kernel/http/problem.ts';
import { problemOfFailure } from './answers.ts';
import { FrameRelay } from './frames.ts';
import { responseHeaders } from './response-headers.ts';
import type { Upstream } from './upstream.ts';

/** Service Restart (RFC 6455's registry): the client should connect again, and will be led to the new owner. */
const serviceRestart = 1012;
/** A frame that is under way gets this long to end before its connection is cut. */
const closeGraceMs = 25;

export interface TunnelOptions {
  request: IncomingMessage;
  client: Socket;
  /** Bytes that arrived with the handshake. */
  head: Buffer;
  upstream: Upstream;
  target: string;
  headers: readonly string[];
  requestId: string;
  connectTimeoutMs: number;
  onEnd: () => void;
}

/** One upgraded connection, from handshake to end. What is not a 101 is passed on as the answer that it is. */
export class Tunnel {
  readonly #options: TunnelOptions;
  #relays: FrameRelay[] = [];
  #server: Socket | undefined;
  #ended = false;

  constructor(options: TunnelOptions) {
    this.#options = options;
  }

  start(): void {
    const { upstream, target, headers, request, client, connectTimeoutMs } = this.#options;
    const { url, prefix } = upstream.instances.pick();
    const send = url.protocol === 'https:' ? httpsRequest : httpRequest;
    const outgoing = send({
      hostname: url.hostname,
      port: url.port,
      method: 'GET',
      path: prefix + target,
      headers: [...headers, 'connection', 'Upgrade', 'upgrade', 'websocket'],
      agent: false,
      timeout: connectTimeoutMs,
      setHost: false,
    });
    client.on('error', () => undefined);
    client.once('close', () => {
      outgoing.destroy();
      this.#end();
    });
    outgoing.once('timeout', () => outgoing.destroy(new Error('timeout')));
    outgoing.once('error', (error) => {
      if (this.#server === undefined) refuseUpgrade(client, problemOfFailure(error), this.#options.requestId);
      this.#end();
    });
    outgoing.once('response', (answer) => this.#passAnswer(answer));
    outgoing.once('upgrade', (answer, server, head) => this.#join(answer, server, head));
    // A GET with a body would leave bytes that the two sides could take for frames.
    if (request.headers['content-length'] === undefined) outgoing.end();
    else outgoing.destroy(new Error('An upgrade has no body.'));
  }

  /** Asks both ends to close, for a move of the group's data. */
  close(): void {
    if (this.#ended) return;
    let open = this.#relays.length;
    const cut = setTimeout(() => this.#destroy(), closeGraceMs);
    const done = () => {
      open--;
      // Both have their closing frames: nothing more will be written through this tunnel.
      if (open === 0) this.#end();
    };
    if (open === 0) this.#destroy();
    for (const relay of this.#relays) relay.close(serviceRestart, done);
    this.#options.client.once('close', () => clearTimeout(cut));
  }

  #join(answer: IncomingMessage, server: Socket, serverHead: Buffer): void {
    const { client, head, requestId } = this.#options;
    if (this.#ended || client.destroyed) {
      server.destroy();
      return;
    }
    this.#server = server;
    const lines = flatLines(responseHeaders(answer.headers, requestId, undefined));
    client.write(
      `HTTP/1.1 101 Switching Protocols\r\nconnection: Upgrade\r\nupgrade: websocket\r\n${lines}\r\n`,
    );
    server.setTimeout(0);
    client.setTimeout(0);
    server.setNoDelay(true);
    client.setNoDelay(true);
    server.on('error', () => client.destroy());
    server.once('close', () => client.destroySoon());
    client.once('close', () => server.destroy());
    this.#relays = [new FrameRelay(server, client, false), new FrameRelay(client, server, true)];
    if (serverHead.length > 0) server.unshift(serverHead);
    if (head.length > 0) client.unshift(head);
  }

  #passAnswer(answer: IncomingMessage): void {
    const { client, requestId } = this.#options;
    const status = answer.statusCode ?? 502;
    const lines = flatLines(responseHeaders(answer.headers, requestId, undefined));
    client.write(
      `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? 'Answer'}\r\n${lines}connection: close\r\n\r\n`,
    );
    answer.pipe(client);
    answer.once('error', () => client.destroy());
  }

  #destroy(): void {
    this.#options.client.destroy();
    this.#server?.destroy();
    this.#end();
  }

  #end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#options.onEnd();
  }
}

/** An answer on a socket that will not be upgraded. */
export function refuseUpgrade(
  client: Socket,
  body: Problem,
  requestId: string,
  extra: readonly string[] = [],
): void {
  if (client.destroyed) return;
  const text = JSON.stringify(body);
  const headers = [
    'content-type',
    problemType,
    'content-length',
    String(Buffer.byteLength(text)),
    'cache-control',
    'no-store',
    'x-request-id',
    requestId,
    'connection',
    'close',
    ...(body.status === 503 ? ['retry-after', '1'] : []),
    ...extra,
  ];
  client.on('error', () => undefined);
  client.end(
    `HTTP/1.1 ${body.status} ${STATUS_CODES[body.status] ?? 'Answer'}\r\n${flatLines(headers)}\r\n${text}`,
  );
}

function flatLines(headers: readonly string[]): string {
  let lines = '';
  for (let i = 0; i < headers.length; i += 2) lines += `${headers[i]}: ${headers[i + 1]}\r\n`;
  return lines;
}
