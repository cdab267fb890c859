import type { FastifySchemaCompiler, FastifyTypeProvider } from 'fastify';
import type { Static, TSchema } from 'typebox';
import type { TLocalizedValidationError } from 'typebox/error';
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
    // An unknown property is reported twice: by its own schema, `false`, and by its parent's rule. The rule says more.
    const first = errors.find((error) => error.keyword !== 'boolean') ?? errors[0];
    return {
      error: new Error(`${place}${first?.instancePath ?? ''} ${first ? wording(first) : 'is not valid'}`),
    };
  };
};

/** The shop's words for a finding: the same whichever side looks, so that equal mistakes have equal answers. */
function wording(error: TLocalizedValidationError): string {
  if (error.keyword === 'required') {
    return `must have required property '${error.params.requiredProperties[0]}'`;
  }
  if (error.keyword === 'additionalProperties') {
    return `must NOT have additional properties: ${error.params.additionalProperties[0]?.slice(0, 60)}`;
  }
  if (error.keyword === 'enum') return 'must be equal to one of the allowed values';
  return error.message.replace(/^must not have/, 'must NOT have');
}

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
