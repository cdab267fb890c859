import type { Operator } from '../operator.ts';
import type { Caller, Role } from './tokens.ts';

/** JSON Schema of one parameter or field, as OpenAPI 3.1 takes it. */
export type Schema = Readonly<Record<string, unknown>>;

export interface ApiCall {
  op: Operator;
  caller: Caller;
  params: Readonly<Record<string, string>>;
  query: Readonly<Record<string, unknown>>;
  body: Readonly<Record<string, unknown>>;
  /** Aborted when the client goes away. */
  signal: AbortSignal;
}

/** One operation: what serves it, who may, and what the OpenAPI document says of it come from the same place. */
export interface ApiRoute {
  method: 'GET' | 'POST' | 'DELETE';
  /** As in OpenAPI: `/api/groups/{group}`. */
  path: string;
  /** Least role. */
  role: Role;
  /** True for what changes something: audited, and only the leader does it. */
  changes: boolean;
  summary: string;
  query?: Readonly<Record<string, Schema>>;
  body?: { properties: Readonly<Record<string, Schema>>; required?: readonly string[] };
  /** Status of success; default 200. */
  status?: number;
  handle: (call: ApiCall) => Promise<unknown>;
}

export const text: Schema = { type: 'string', minLength: 1, maxLength: 200 };
export const flag: Schema = { type: 'boolean' };
export const directionSchema: Schema = { type: 'string', enum: ['forward', 'reverse'] };

/** JSON with integers beyond a double's as text, dates as ISO 8601. */
export function plain(value: unknown): unknown {
  if (typeof value === 'bigint') return value.toString();
  if (value instanceof Date) return value.toISOString();
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(
      Object.entries(value)
        .filter(([, member]) => member !== undefined)
        .map(([name, member]) => [name, plain(member)]),
    );
  }
  return value;
}
