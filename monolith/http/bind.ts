import type { FastifyInstance, FastifyReply, FastifyRequest, RouteGenericInterface } from 'fastify';
import { openapi } from '../openapi.ts';
import type { Method, Operation, Schema } from './document.ts';
import { inline } from './validation.ts';

interface Bound {
  url: string;
  method: Method;
  operation: Operation;
}

const operations = new Map<string, Bound>();
for (const [path, methods] of Object.entries(openapi.paths)) {
  for (const [method, operation] of Object.entries(methods)) {
    operations.set(operation.operationId, {
      url: path.replaceAll(/\{(\w+)\}/g, ':$1'),
      method: method as Method,
      operation,
    });
  }
}

type Handler<Shape extends RouteGenericInterface> = (
  request: FastifyRequest<Shape>,
  reply: FastifyReply,
) => Promise<unknown>;

/**
 * Registers the handler of one operation of the document: its method, path, validation, serialisation and
 * authorisation all come from there. `Shape` repeats for the compiler what the document says at run time.
 */
export function bind<Shape extends RouteGenericInterface = RouteGenericInterface>(
  app: FastifyInstance,
  operationId: string,
  handler: Handler<Shape>,
): void {
  const bound = operations.get(operationId);
  if (bound === undefined) throw new Error(`The document has no operation ${operationId}.`);
  const { operation } = bound;
  app.route({
    method: bound.method.toUpperCase(),
    url: bound.url,
    schema: routeSchema(operation),
    config: {
      security: operation.security ?? [],
      roles: operation['x-roles'] ?? [],
      scopes: operation['x-scopes'] ?? [],
      keepSource: operation['x-signed'] === true,
    },
    handler: (request, reply) => handler(request as unknown as FastifyRequest<Shape>, reply),
  });
}

function routeSchema(operation: Operation) {
  const body = Object.values(operation.requestBody?.content ?? {})[0]?.schema;
  const parts = {
    params: parameterSchema(operation, 'path'),
    querystring: parameterSchema(operation, 'query'),
    headers: parameterSchema(operation, 'header'),
  };
  return {
    ...Object.fromEntries(Object.entries(parts).filter(([, schema]) => schema !== undefined)),
    ...(body === undefined ? {} : { body: bodySchema(body, operation.requestBody?.required !== false) }),
    response: Object.fromEntries(
      Object.entries(operation.responses).flatMap(([status, answer]) => {
        const schema = answer.content?.['application/json']?.schema;
        return schema === undefined ? [] : [[status, inline(schema, openapi.components.schemas)]];
      }),
    ),
  };
}

function bodySchema(schema: Schema, required: boolean): unknown {
  const inlined = inline(schema, openapi.components.schemas);
  // Fastify gives an absent body to the validator as it is.
  return required ? inlined : { anyOf: [{ type: 'null' }, inlined] };
}

function parameterSchema(operation: Operation, place: 'path' | 'query' | 'header'): Schema | undefined {
  const parameters = (operation.parameters ?? []).filter((parameter) => parameter.in === place);
  if (parameters.length === 0) return undefined;
  // Node gives header names in lower case.
  const keyOf = (name: string) => (place === 'header' ? name.toLowerCase() : name);
  return {
    type: 'object',
    properties: Object.fromEntries(parameters.map(({ name, schema }) => [keyOf(name), schema])),
    required: parameters.filter(({ required }) => required).map(({ name }) => keyOf(name)),
    // Unknown query parameters are let pass, as every web server does; trackers add them.
    additionalProperties: true,
  };
}
