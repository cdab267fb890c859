import { openapi } from '../../monolith/openapi.ts';

/** As much of JSON Schema as the document uses. */
export interface JsonSchema {
  $ref?: string;
  type?: string | string[];
  enum?: unknown[];
  const?: unknown;
  format?: string;
  pattern?: string;
  minLength?: number;
  maxLength?: number;
  minimum?: number;
  maximum?: number;
  items?: JsonSchema;
  minItems?: number;
  properties?: Record<string, JsonSchema>;
  required?: string[];
  additionalProperties?: unknown;
  examples?: unknown[];
  default?: unknown;
  oneOf?: JsonSchema[];
  anyOf?: JsonSchema[];
}

export function bodyOf(operation: { requestBody?: { content: Record<string, { schema: unknown }> } }) {
  return operation.requestBody?.content['application/json']?.schema as JsonSchema | undefined;
}

function resolved(schema: JsonSchema): JsonSchema {
  const name = schema.$ref?.split('/').at(-1);
  if (name !== undefined) return resolved(openapi.components.schemas[name] ?? {});
  const choice = schema.oneOf?.[0] ?? schema.anyOf?.[0];
  return choice === undefined ? schema : resolved(choice);
}

const typesOf = (schema: JsonSchema) =>
  Array.isArray(schema.type) ? schema.type : schema.type ? [schema.type] : [];

/** A value that the schema takes. Numbers are as large as they may be, so that an id names nothing that exists. */
export function sample(given: JsonSchema): unknown {
  const schema = resolved(given);
  if (schema.const !== undefined) return schema.const;
  if (schema.examples?.[0] !== undefined) return schema.examples[0];
  if (schema.enum) return schema.enum[0];
  const type = typesOf(schema)[0];
  if (type === 'object') {
    const names = schema.required?.length
      ? schema.required
      : Object.keys(schema.properties ?? {}).slice(0, 1);
    return Object.fromEntries(names.map((name) => [name, sample(schema.properties?.[name] ?? {})]));
  }
  if (type === 'array') return Array.from({ length: schema.minItems ?? 1 }, () => sample(schema.items ?? {}));
  if (type === 'integer' || type === 'number') return schema.maximum ?? 2_147_483_647;
  if (type === 'boolean') return true;
  if (schema.format === 'uuid') return crypto.randomUUID();
  if (schema.format === 'email') return `nobody-${crypto.randomUUID()}@shop.example`;
  if (schema.format === 'date-time') return '2026-01-01T00:00:00.000Z';
  if (schema.format === 'date') return '2026-01-01';
  return 'x'.repeat(Math.max(schema.minLength ?? 1, 1));
}

/** The last is one to many validators, and none to PostgreSQL. */
const badUuids = [
  'abc',
  '1',
  'g0000000-0000-0000-0000-000000000000',
  'urn:uuid:00000000-0000-4000-8000-000000000000',
];

/** Texts (percent-encoded) for a path or query parameter that it must not take. */
export function junkText(given: JsonSchema): string[] {
  const schema = resolved(given);
  const types = typesOf(schema);
  if (types.includes('integer')) {
    const over = schema.maximum === undefined ? [] : [String(schema.maximum + 1)];
    return ['abc', '1.5', '-1', '99999999999999999999', '1%27--', '%00', 'NaN', ...over];
  }
  if (types.includes('boolean')) return ['maybe', '%00'];
  if (schema.enum) return ['no-such-value', '%00'];
  if (schema.format === 'uuid') return [...badUuids, '%00'];
  if (schema.format === 'date-time' || schema.format === 'date') return ['yesterday', '%00'];
  const long = schema.maxLength === undefined ? [] : ['x'.repeat(schema.maxLength + 1)];
  return ['a%00b', ...long, ...(schema.pattern === undefined ? [] : ['%01%7f'])];
}

/** Bodies that an operation must not take: broken JSON, other types, NUL, unknown and missing members, at any depth. */
export function junkBodies(given: JsonSchema): unknown[] {
  const schema = resolved(given);
  const valid = sample(schema) as Record<string, unknown>;
  const bodies: unknown[] = [
    '',
    '{',
    '{"a":}',
    'null',
    '[]',
    '"text"',
    '1',
    '{"__proto__":{"x":1}}',
    '\u0000',
  ];
  if (schema.additionalProperties === false) bodies.push({ ...valid, unknownMember: 1 });
  for (const name of schema.required ?? []) {
    bodies.push(Object.fromEntries(Object.entries(valid).filter(([key]) => key !== name)));
  }
  for (const [name, property] of Object.entries(schema.properties ?? {})) {
    for (const wrong of wrongValues(property)) bodies.push({ ...valid, [name]: wrong });
  }
  return bodies;
}

function wrongValues(given: JsonSchema): unknown[] {
  const schema = resolved(given);
  const types = typesOf(schema);
  if (types.length === 0 && !schema.enum) return [];
  const wrong: unknown[] = [];
  if (!types.includes('null')) wrong.push(null);
  if (!types.includes('object')) wrong.push({ a: 1 });
  if (!types.includes('array')) wrong.push([[]]);
  if (!types.includes('boolean')) wrong.push(true);
  if (types.includes('string')) {
    wrong.push(12, `NUL \u0000 inside`);
    if (schema.maxLength !== undefined) wrong.push('x'.repeat(schema.maxLength + 1));
    if ((schema.minLength ?? 0) > 0 || schema.format !== undefined || schema.pattern !== undefined)
      wrong.push('');
    if (schema.format === 'uuid') wrong.push(...badUuids);
    else if (schema.format !== undefined) wrong.push('not of this format');
    if (schema.pattern !== undefined) wrong.push('-1 \n', '1e3', ' ');
  } else wrong.push('text', '1');
  if (types.includes('integer')) wrong.push(1.5, 1e300);
  if (schema.minimum !== undefined) wrong.push(schema.minimum - 1);
  if (schema.maximum !== undefined) wrong.push(schema.maximum + 1);
  if (types.includes('array') && schema.items) {
    if ((schema.minItems ?? 0) > 0) wrong.push([]);
    for (const item of wrongValues(schema.items)) wrong.push([item]);
  }
  if (types.includes('object')) {
    const valid = sample(schema) as Record<string, unknown>;
    for (const [name, property] of Object.entries(schema.properties ?? {})) {
      for (const value of wrongValues(property)) wrong.push({ ...valid, [name]: value });
    }
  }
  return wrong;
}
