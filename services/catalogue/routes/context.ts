import type { FastifyBaseLogger, FastifyInstance, RawServerDefault } from 'fastify';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { DataSource } from 'typeorm';
import type { Verify } from '#kernel/auth/verify.ts';
import type { Write } from '../store/unit-of-work.ts';
import type { SchemaTypes } from './validate.ts';

/** What every route works with. */
export interface CatalogueContext {
  source: DataSource;
  write: Write;
  verify: Verify;
}

/** A Fastify instance whose handlers see the types of their schemas. */
export type CatalogueApp = FastifyInstance<
  RawServerDefault,
  IncomingMessage,
  ServerResponse,
  FastifyBaseLogger,
  SchemaTypes
>;
