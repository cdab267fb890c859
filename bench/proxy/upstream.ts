import { createServer } from 'node:http';
import { announce } from './announce.ts';

/** The server behind every peer: a small JSON answer, as an API gives. */
const body = Buffer.from(
  JSON.stringify({
    id: 17,
    name: 'A product of ordinary length',
    price: '12.90',
    stock: 5,
    tags: ['a', 'b'],
  }),
);
const headers = {
  'content-type': 'application/json; charset=utf-8',
  'content-length': String(body.length),
  'cache-control': 'no-cache',
};

const server = createServer((request, response) => {
  if (request.method !== 'GET') request.resume();
  response.writeHead(200, headers);
  response.end(body);
});
server.keepAliveTimeout = 60_000;
announce(server);
