import { Type } from 'typebox';
import { Value } from 'typebox/value';
import { debeziumShape, transportShape } from './debezium-shape.ts';

export interface ConfigProblem {
  /** Where, as property names from the root. */
  path: string[];
  message: string;
}

const text = Type.String({ minLength: 1 });
const texts = Type.Array(text);
const side = Type.Object(
  {
    url: text,
    instances: Type.Optional(Type.Array(text, { minItems: 1 })),
    readyUrl: Type.Optional(text),
    database: text,
    connectPassword: Type.Optional(text),
  },
  { additionalProperties: false },
);
const positive = Type.Optional(Type.Number({ minimum: 0 }));
const route = Type.Object(
  {
    route: text,
    writes: Type.Optional(Type.Boolean()),
    auth: Type.Optional(Type.Union([Type.Literal('pass'), Type.Literal('verify')])),
    scopes: Type.Optional(texts),
    shadow: Type.Optional(
      Type.Union([
        Type.Boolean(),
        Type.Object(
          { ignore: Type.Optional(texts), sample: Type.Optional(Type.Number({ minimum: 0, maximum: 1 })) },
          { additionalProperties: false },
        ),
      ]),
    ),
    timeoutMs: positive,
  },
  { additionalProperties: false },
);
const table = Type.Object(
  {
    legacy: text,
    service: text,
    key: Type.Optional(
      Type.Object(
        { legacy: Type.Array(text, { minItems: 1 }), service: Type.Array(text, { minItems: 1 }) },
        { additionalProperties: false },
      ),
    ),
    forward: Type.Record(Type.String(), text),
    reverse: Type.Record(Type.String(), text),
    anchor: Type.Optional(Type.Boolean()),
  },
  { additionalProperties: false },
);
const limits = Type.Object(
  Object.fromEntries(
    [
      'maxLagMs',
      'verificationTtlMs',
      'maxMismatchRate',
      'minComparisons',
      'pauseBudgetMs',
      'maxHeld',
      'maxHoldMs',
      'drainTimeoutMs',
      'catchUpTimeoutMs',
    ].map((name) => [name, positive]),
  ),
  { additionalProperties: false },
);
const group = Type.Object(
  {
    service: text,
    routes: Type.Array(Type.Union([text, route]), { minItems: 1 }),
    tables: Type.Array(table, { minItems: 1 }),
    sequences: Type.Optional(
      Type.Array(Type.Object({ legacy: text, service: text }, { additionalProperties: false })),
    ),
    writers: Type.Optional(texts),
    readBy: Type.Optional(texts),
    limits: Type.Optional(limits),
  },
  { additionalProperties: false },
);
const schema = Type.Object(
  {
    control: Type.Object({ url: text }, { additionalProperties: false }),
    secret: Type.String({ minLength: 32 }),
    monolith: side,
    services: Type.Record(Type.String(), side),
    auth: Type.Optional(
      Type.Object(
        { issuer: text, audience: text, jwksUrl: text, algorithms: Type.Optional(texts) },
        { additionalProperties: false },
      ),
    ),
    proxy: Type.Optional(
      Type.Object(
        {
          trustedProxies: Type.Optional(texts),
          clientHeadersTimeoutMs: positive,
          maxConnections: positive,
          headersTimeoutMs: positive,
          bodyTimeoutMs: positive,
          connectTimeoutMs: positive,
          connections: positive,
        },
        { additionalProperties: false },
      ),
    ),
    operator: Type.Optional(Type.Object({ url: text }, { additionalProperties: false })),
    transport: Type.Optional(transportShape),
    debezium: Type.Optional(debeziumShape),
    groups: Type.Record(Type.String(), group),
  },
  { additionalProperties: false },
);

/** What of the config has the wrong shape: a missing field, one that does not exist, one of another type. */
export function shapeProblems(value: unknown): ConfigProblem[] {
  if (typeof value !== 'object' || value === null) {
    return [{ path: [], message: 'export default defineStrangler({...}) is missing' }];
  }
  const seen = new Set<string>();
  const problems: ConfigProblem[] = [];
  for (const error of Value.Errors(schema, value)) {
    const base = error.instancePath
      .split('/')
      .slice(1)
      .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
    for (const { path, message } of explain(base, error)) {
      const id = path.join('/');
      if (seen.has(id)) continue;
      seen.add(id);
      problems.push({ path, message });
    }
  }
  return problems;
}

type SchemaError = { keyword: string; message: string; params: object };

/** Names the offending property itself where the validator names only its object. */
function explain(base: string[], error: SchemaError): ConfigProblem[] {
  const params = error.params as { requiredProperties?: string[]; additionalProperties?: string[] };
  if (error.keyword === 'required') {
    return (params.requiredProperties ?? []).map((name) => ({
      path: [...base, name],
      message: 'is missing',
    }));
  }
  if (error.keyword === 'additionalProperties') {
    return (params.additionalProperties ?? []).map((name) => ({
      path: [...base, name],
      message: 'is not a field of the config',
    }));
  }
  // How the validator words a property that the schema forbids.
  if (error.keyword === 'boolean') return [{ path: base, message: 'is not a field of the config' }];
  return [{ path: base, message: error.message }];
}
