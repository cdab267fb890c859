import { createServer, type Server } from 'node:http';
import { errorCodeOf, MatapaloError } from '#kernel/errors.ts';
import type { Plan } from '#plan/compile.ts';
import { answers, sendProblem } from './forward/answers.ts';
import { randomHex } from './forward/ids.ts';
import type { Gateway } from './gateway.ts';
import { isWebSocket, type Upgrades } from './upgrades.ts';

export interface ServerLimits {
  plan: Plan;
}

export interface Receivers {
  gateway: Gateway;
  upgrades: Upgrades;
  isStopping: () => boolean;
}

/** Node's strict parser refuses ambiguous framing; limits keep slow and large requests from taking the process. */
export function clientServer(options: ServerLimits, { gateway, upgrades, isStopping }: Receivers): Server {
  const config = options.plan.config.proxy ?? {};
  const headersTimeoutMs = config.clientHeadersTimeoutMs ?? 15_000;
  const server = createServer({
    maxHeaderSize: 32 * 1024,
    headersTimeout: headersTimeoutMs,
    requestTimeout: 300_000,
    connectionsCheckingInterval: Math.round(Math.max(100, Math.min(5_000, headersTimeoutMs / 3))),
    keepAliveTimeout: 65_000,
    insecureHTTPParser: false,
    noDelay: true,
    highWaterMark: 64 * 1024,
    // A request that can have no body is complete at once: the life of a stream that carries nothing costs as much as the routing.
    optimizeEmptyRequests: true,
    shouldUpgradeCallback: isWebSocket,
  });
  server.maxConnections = config.maxConnections ?? 10_000;
  server.timeout = Math.max(config.headersTimeoutMs ?? 30_000, config.bodyTimeoutMs ?? 60_000) + 10_000;
  server.on('request', (request, response) => {
    if (isStopping()) response.setHeader('connection', 'close');
    gateway.receive(request, response);
  });
  server.on('checkContinue', (request, response) => gateway.receive(request, response, true));
  server.on('checkExpectation', (_request, response) =>
    sendProblem(response, answers.expectation, randomHex(32)),
  );
  server.on('upgrade', (request, socket, head) => void upgrades.receive(request, socket, head));
  server.on('connect', (_request, socket) =>
    socket.end('HTTP/1.1 405 Method Not Allowed\r\nconnection: close\r\n\r\n'),
  );
  server.on('clientError', (error, socket) => {
    // In the middle of an answer to an earlier request these bytes would be taken for a part of it.
    const answering = (socket as { _httpMessage?: { headersSent: boolean } | null })._httpMessage;
    if (errorCodeOf(error) === 'ECONNRESET' || !socket.writable || answering?.headersSent === true) {
      socket.destroy();
      return;
    }
    const status =
      errorCodeOf(error) === 'HPE_HEADER_OVERFLOW'
        ? '431 Request Header Fields Too Large'
        : errorCodeOf(error) === 'ERR_HTTP_REQUEST_TIMEOUT'
          ? '408 Request Timeout'
          : '400 Bad Request';
    socket.end(`HTTP/1.1 ${status}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`);
  });
  return server;
}

export function listenForClients(server: Server, host: string, port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    server.once('error', (error) => {
      reject(
        errorCodeOf(error) === 'EADDRINUSE'
          ? new MatapaloError('unavailable', `Port ${port} on ${host} is in use.`, {
              hint: 'Stop what listens there, or choose another with PORT.',
              cause: error,
            })
          : error,
      );
    });
    server.listen({ host, port, backlog: 1_024 }, () => {
      const address = server.address();
      const bound = typeof address === 'object' && address !== null ? address.port : port;
      resolve(`http://${host.includes(':') ? `[${host}]` : host}:${bound}`);
    });
  });
}
