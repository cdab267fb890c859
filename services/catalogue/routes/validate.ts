import type { FastifySchemaCompiler, FastifyTypeProvider } from 'fastify';
import type { Static, TSchema } from 'typebox';
import { Compile } from 'typebox/schema';

/** Handlers see the type that their schema describes. */
export interface SchemaTypes extends FastifyTypeProvider {
  validator: this['schema'] extends TSchema ? Static<this['schema']> : unknown;
  serializer: unknown;
}

/** Path and query arrive as text and are read as the schema's types; a JSON body says what it means and is taken as it is. */
export const validatorCompiler: FastifySchemaCompiler<TSchema> = ({ schema, httpPart }) => {
  const compiled = Compile(schema);
  const place = httpPart ?? 'request';
  return (data: unknown) => {
    const value = place === 'body' ? data : readText(schema, data);
    if (compiled.Check(value)) return { value };
    const [, errors] = compiled.Errors(value);
    // The most specific finding helps most: a missing or unknown property's parent is reported beside it.
    const first = errors.find((error) => error.keyword !== 'boolean') ?? errors[0];
    return { error: new Error(`${place}${first?.instancePath ?? ''} ${first?.message ?? 'is not valid'}`) };
  };
};

function readText(schema: TSchema, data: unknown): unknown {
  if (typeof data !== 'object' || data === null) return data;
  const properties = ('properties' in schema ? schema.properties : {}) as Record<string, { type?: unknown }>;
  return Object.fromEntries(
    Object.entries(data).map(([name, text]) => [name, readAs(properties[name]?.type, text)]),
  );
}

function readAs(type: unknown, text: unknown): unknown {
  if (typeof text !== 'string') return text;
  if (type === 'integer') return text.trim() !== '' && Number.isInteger(Number(text)) ? Number(text) : text;
  if (type === 'boolean') return text === 'true' ? true : text === 'false' ? false : text;
  return text;
}
