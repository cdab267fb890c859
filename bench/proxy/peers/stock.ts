import httpProxy from '@fastify/http-proxy';
import fastify from 'fastify';
import { tell } from '../announce.ts';

/** @fastify/http-proxy as its README starts it. */
const app = fastify();
await app.register(httpProxy, { upstream: process.argv[2] ?? '' });
tell(await app.listen({ host: '127.0.0.1', port: 0 }));
