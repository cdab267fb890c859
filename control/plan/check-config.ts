import FindMyWay from 'find-my-way';
import { Type } from 'typebox';
import { Value } from 'typebox/value';
import { splitTable } from '#kernel/db/sql.ts';
import type { GroupConfig, StranglerConfig } from './config.ts';
import { groupNamePattern } from './names.ts';

export interface ConfigProblem {
  /** Where, as property names from the root. */
  path: string[];
  message: string;
}

const text = Type.String({ minLength: 1 });
const texts = Type.Array(text);
const side = Type.Object(
  { url: text, readyUrl: Type.Optional(text), database: text },
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
          headersTimeoutMs: positive,
          bodyTimeoutMs: positive,
          connectTimeoutMs: positive,
          connections: positive,
        },
        { additionalProperties: false },
      ),
    ),
    operator: Type.Optional(Type.Object({ url: text }, { additionalProperties: false })),
    groups: Type.Record(Type.String(), group),
  },
  { additionalProperties: false },
);

/** Everything that can be said without a database. Pure; `config` is set when the shape is right. */
export function checkConfig(value: unknown): {
  config: StranglerConfig | undefined;
  problems: ConfigProblem[];
} {
  const problems = shapeProblems(value);
  if (problems.length > 0) return { config: undefined, problems };
  const config = value as StranglerConfig;
  const meaning = [
    ...urlProblems(config),
    ...groupProblems(config),
    ...routeProblems(config),
    ...tableProblems(config),
  ];
  return { config, problems: meaning };
}

function shapeProblems(value: unknown): ConfigProblem[] {
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

function urlProblems(config: StranglerConfig): ConfigProblem[] {
  const fields: [string[], string, RegExp][] = [
    [['control', 'url'], config.control.url, /^postgres(ql)?:$/],
    [['monolith', 'url'], config.monolith.url, /^https?:$/],
    [['monolith', 'database'], config.monolith.database, /^postgres(ql)?:$/],
  ];
  for (const [name, service] of Object.entries(config.services)) {
    fields.push([['services', name, 'url'], service.url, /^https?:$/]);
    fields.push([['services', name, 'database'], service.database, /^postgres(ql)?:$/]);
  }
  return fields.flatMap(([path, value, protocol]) =>
    URL.canParse(value) && protocol.test(new URL(value).protocol)
      ? []
      : [
          {
            path,
            message: `"${value}" is not a URL that starts with ${protocol.source.replace(/[^a-z]/g, '').slice(0, 8)}`,
          },
        ],
  );
}

function groupProblems(config: StranglerConfig): ConfigProblem[] {
  const problems: ConfigProblem[] = [];
  const names = Object.keys(config.groups);
  for (const [name, entry] of Object.entries(config.groups)) {
    const path = ['groups', name];
    if (!groupNamePattern.test(name)) {
      problems.push({
        path,
        message: 'a group name is a-z, 0-9 and _, starts with a letter, 40 characters at most',
      });
    }
    if (!(entry.service in config.services)) {
      problems.push({ path: [...path, 'service'], message: `services has no "${entry.service}"` });
    }
    for (const field of ['writers', 'readBy'] as const) {
      (entry[field] ?? []).forEach((other, index) => {
        if (!names.includes(other))
          problems.push({ path: [...path, field, String(index)], message: `there is no group "${other}"` });
      });
    }
    if (
      entry.routes.some(
        (r) => typeof r !== 'string' && (r.auth === 'verify' || (r.scopes ?? []).length > 0),
      ) &&
      !config.auth
    ) {
      problems.push({ path: [...path, 'routes'], message: 'a route verifies tokens, but `auth` is not set' });
    }
  }
  return problems;
}

/** Overlap is judged by the router that will match: the same method and shape of path twice is refused. */
function routeProblems(config: StranglerConfig): ConfigProblem[] {
  const problems: ConfigProblem[] = [];
  const owners = new Map<string, string>();
  const router = FindMyWay();
  for (const [name, entry] of Object.entries(config.groups)) {
    entry.routes.forEach((item, index) => {
      const path = ['groups', name, 'routes', String(index)];
      const textOf = typeof item === 'string' ? item : item.route;
      const match = /^([A-Z]+|\*) (\/\S*)$/.exec(textOf);
      const method = match?.[1];
      const pattern = match?.[2];
      if (method === undefined || pattern === undefined) {
        problems.push({ path, message: `"${textOf}" is not METHOD /path` });
        return;
      }
      for (const one of method === '*' ? anyMethods : [method]) {
        const shape = `${one} ${pattern.replace(/:[A-Za-z0-9_]+/g, ':').replace(/(.)\/$/, '$1')}`;
        const other = owners.get(shape);
        if (other !== undefined) {
          problems.push({ path, message: `"${textOf}" overlaps "${other}"` });
          return;
        }
        try {
          router.on(one as 'GET', pattern, () => undefined);
        } catch (error) {
          problems.push({ path, message: error instanceof Error ? error.message : String(error) });
          return;
        }
        owners.set(shape, `${textOf} of group ${name}`);
      }
    });
  }
  return problems;
}

export const anyMethods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'];

function tableProblems(config: StranglerConfig): ConfigProblem[] {
  const problems: ConfigProblem[] = [];
  const owner = new Map<string, string>();
  for (const [name, entry] of Object.entries(config.groups)) {
    entry.tables.forEach((item, index) => {
      const path = ['groups', name, 'tables', String(index)];
      for (const field of ['legacy', 'service'] as const) {
        const { schema: s, table: t } = splitTable(item[field]);
        const id = field === 'legacy' ? `legacy ${s}.${t}` : `${entry.service} ${s}.${t}`;
        const other = owner.get(id);
        if (other !== undefined && other !== name) {
          problems.push({
            path: [...path, field],
            message: `${s}.${t} is already in group ${other}; a table moves with one group`,
          });
        }
        owner.set(id, name);
      }
      if (item.key && item.key.legacy.length !== item.key.service.length) {
        problems.push({ path: [...path, 'key'], message: 'both sides need the same number of key columns' });
      }
      for (const [field, columns] of [
        ['forward', item.key?.service],
        ['reverse', item.key?.legacy],
      ] as const) {
        if (Object.keys(item[field]).length === 0)
          problems.push({ path: [...path, field], message: 'maps no column' });
        for (const column of columns ?? []) {
          if (!(column in item[field]))
            problems.push({ path: [...path, field], message: `the key column "${column}" is not mapped` });
        }
      }
    });
    problems.push(...anchorProblems(name, entry));
  }
  return problems;
}

function anchorProblems(name: string, entry: GroupConfig): ConfigProblem[] {
  const problems: ConfigProblem[] = [];
  for (const field of ['legacy', 'service'] as const) {
    const byTable = Map.groupBy(entry.tables, (item) => item[field]);
    for (const [tableText, items] of byTable) {
      if (items.length < 2) continue;
      const anchors = items.filter((item) => item.anchor === true).length;
      if (anchors !== 1) {
        const index = entry.tables.findIndex((item) => item[field] === tableText);
        problems.push({
          path: ['groups', name, 'tables', String(index)],
          message: `${tableText} has ${items.length} entries; exactly one of them needs anchor: true (${anchors} have it)`,
        });
      }
    }
  }
  return problems;
}
