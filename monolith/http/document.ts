/** The parts of OpenAPI 3.1 that the shop's document uses, and short ways to write them. */
export type Schema = Record<string, unknown>;
export type Method = 'get' | 'put' | 'post' | 'patch' | 'delete';
export type Role = 'customer' | 'agent' | 'manager' | 'admin';

export interface Parameter {
  name: string;
  in: 'path' | 'query' | 'header';
  required: boolean;
  description?: string;
  schema: Schema;
}

export interface Answer {
  description: string;
  headers?: Record<string, { description?: string; schema: Schema }>;
  content?: Record<string, { schema: Schema }>;
}

export interface Operation {
  operationId: string;
  tags: string[];
  summary: string;
  description?: string;
  /** Absent: anyone may call. `[{ bearer: [] }, {}]`: a token is read when there is one. */
  security?: Record<string, string[]>[];
  /** One of these roles is needed beside a valid token. */
  'x-roles'?: readonly Role[];
  /** What a service's own token must have been granted, one of these, in place of a role. */
  'x-scopes'?: readonly string[];
  /** The body is signed as it is. */
  'x-signed'?: boolean;
  parameters?: Parameter[];
  requestBody?: { required: boolean; content: Record<string, { schema: Schema }> };
  responses: Record<string, Answer>;
}

export type Paths = Record<string, Partial<Record<Method, Operation>>>;
export interface DocumentPart {
  paths: Paths;
  schemas: Record<string, Schema>;
}

export const ref = (name: string): Schema => ({ $ref: `#/components/schemas/${name}` });
export const bearer = [{ bearer: [] }];
export const bearerIfAny = [{ bearer: [] }, {}];

export const json = (schema: Schema) => ({ 'application/json': { schema } });
export const answer = (description: string, schema?: Schema): Answer =>
  schema === undefined ? { description } : { description, content: json(schema) };
export const body = (schema: Schema) => ({ required: true, content: json(schema) });
export const refused = (description: string): Answer => ({
  description,
  content: { 'application/problem+json': { schema: ref('Problem') } },
});

const shared: Record<number, string> = {
  400: 'The request cannot be understood: `bad-request`.',
  401: 'Credentials are missing or invalid: `unauthorized`.',
  403: 'The credentials do not permit this: `forbidden`.',
  402: 'The payment was declined: `payment-declined`.',
  404: 'There is no such thing here: `not-found`.',
  409: 'The request conflicts with the present state; `code` names the conflict.',
  413: 'The body is larger than 256 KiB: `too-large`.',
  415: 'The content type is not one that the operation takes: `unsupported-media-type`.',
  422: 'The request is understood, and its content cannot be processed; `code` says why.',
  429: 'Too many attempts: `too-many-requests`. `retry-after` says in how many seconds to try again.',
  503: 'The data is owned by another side now (`not-owner`), or a needed server is away (`unavailable`).',
};

/** The refusals of an operation: each by its status, and what every operation may answer. */
export function refusals(...statuses: number[]): Record<string, Answer> {
  const wanted = [...new Set([400, 503, ...statuses])].sort((a, b) => a - b);
  return Object.fromEntries(wanted.map((status) => [String(status), refused(shared[status] ?? 'Refused.')]));
}

/** Answers of an operation that takes a JSON body. */
export const bodyRefusals = (...statuses: number[]) => refusals(413, 415, ...statuses);

export const maxId = 2_147_483_647;
export const idSchema: Schema = { type: 'integer', minimum: 1, maximum: maxId };
export const timestamp: Schema = { type: 'string', format: 'date-time', description: 'UTC, milliseconds.' };
export const uuid: Schema = { type: 'string', format: 'uuid' };

export function text(minLength: number, maxLength: number): Schema {
  return { type: 'string', minLength, maxLength };
}

/** A body or an answer: `required` lists every property unless said otherwise. */
export function object(properties: Record<string, Schema>, required = Object.keys(properties)): Schema {
  return { type: 'object', properties, required, additionalProperties: false };
}

export const list = (items: Schema): Schema => ({ type: 'array', items });
export const page = (items: Schema): Schema =>
  object({ items: list(items), nextCursor: { type: ['string', 'null'] } });

export const pathId = (name = 'id'): Parameter => ({ name, in: 'path', required: true, schema: idSchema });
export const pathUuid = (name = 'id'): Parameter => ({ name, in: 'path', required: true, schema: uuid });
export const query = (name: string, schema: Schema, description?: string): Parameter => ({
  name,
  in: 'query',
  required: false,
  ...(description === undefined ? {} : { description }),
  schema,
});
export const limit = query('limit', { type: 'integer', minimum: 1, maximum: 100, default: 20 });
export const cursor = query(
  'cursor',
  { type: 'string', minLength: 1, maxLength: 1000 },
  'Opaque: the `nextCursor` of the answer before. An unreadable one, or one of another `sort`, is a 400.',
);
