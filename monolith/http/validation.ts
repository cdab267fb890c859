import { Ajv } from 'ajv';
import addFormats from 'ajv-formats';
import type { FastifySchemaCompiler } from 'fastify';
import type { Schema } from './document.ts';

/** Query and path arrive as text and are coerced; a JSON body says what it means and is taken as it is. */
const options = { useDefaults: true, allErrors: false, strict: false, removeAdditional: false } as const;
const coercing = new Ajv({ ...options, coerceTypes: true });
const exact = new Ajv({ ...options, coerceTypes: false });
for (const ajv of [coercing, exact]) {
  addFormats.default(ajv, ['date-time', 'date', 'email']);
  // The library's own format takes `urn:uuid:...` too, which PostgreSQL does not.
  ajv.addFormat('uuid', /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i);
}

export const validatorCompiler: FastifySchemaCompiler<Schema> = ({ schema, httpPart }) => {
  const validate = (httpPart === 'body' ? exact : coercing).compile(schema);
  return (data: unknown) => {
    if (validate(data)) return { value: data };
    const first = validate.errors?.[0];
    const where = `${httpPart ?? 'request'}${first?.instancePath ?? ''}`;
    const extra =
      first?.keyword === 'additionalProperties'
        ? `: ${String(first.params['additionalProperty']).slice(0, 60)}`
        : '';
    return { error: new Error(`${where} ${first?.message ?? 'is not valid'}${extra}`) };
  };
};

/** Replaces every `$ref` by what it names: the schemas are small, and each compiles on its own then. */
export function inline(schema: unknown, schemas: Record<string, Schema>): unknown {
  if (Array.isArray(schema)) return schema.map((item) => inline(item, schemas));
  if (typeof schema !== 'object' || schema === null) return schema;
  const reference = (schema as Schema)['$ref'];
  if (typeof reference === 'string') {
    const name = reference.split('/').at(-1) ?? '';
    const target = schemas[name];
    if (target === undefined) throw new Error(`The document names no schema ${reference}.`);
    return inline(target, schemas);
  }
  return Object.fromEntries(Object.entries(schema).map(([key, value]) => [key, inline(value, schemas)]));
}
