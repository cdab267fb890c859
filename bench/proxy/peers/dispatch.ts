import { createServer } from 'node:http';
import { Pool } from 'undici';
import { announce } from '../announce.ts';

/** The least that forwards at all: no routes, no header rules, no metrics. What is above it is what features cost. */
const pool = new Pool(process.argv[2] ?? '', { connections: 128 });

const server = createServer((request, response) => {
  const { 'transfer-encoding': _te, connection: _connection, ...headers } = request.headers;
  pool.dispatch(
    {
      path: request.url ?? '/',
      method: request.method ?? 'GET',
      headers,
      body: request.headers['content-length'] === undefined ? null : request,
    },
    {
      onRequestStart: () => undefined,
      onResponseStart(_controller, status, answer) {
        delete answer['connection'];
        delete answer['keep-alive'];
        delete answer['transfer-encoding'];
        response.writeHead(status, answer);
      },
      onResponseData(controller, chunk) {
        if (!response.write(chunk) && !response.destroyed) {
          controller.pause();
          response.once('drain', () => controller.resume());
          // Or a client that left would keep the connection for ever, and the load's end would use them all up.
          response.once('close', () => controller.resume());
        }
      },
      onResponseEnd() {
        response.end();
      },
      onResponseError() {
        if (!response.headersSent) response.writeHead(502);
        response.end();
      },
    },
  );
});
announce(server);
