import type { ApiRoute } from './api-route.ts';

/** The OpenAPI 3.1 document of the routes. Pure. */
export function openApiOf(routes: readonly ApiRoute[]): Record<string, unknown> {
  const paths: Record<string, Record<string, unknown>> = {};
  for (const route of routes) {
    const parameters = [
      ...[...route.path.matchAll(/\{(\w+)\}/g)].map((match) => ({
        name: match[1],
        in: 'path',
        required: true,
        schema: { type: 'string' },
      })),
      ...Object.entries(route.query ?? {}).map(([name, schema]) => ({ name, in: 'query', schema })),
    ];
    (paths[route.path] ??= {})[route.method.toLowerCase()] = {
      summary: route.summary,
      description: `Needs the role ${route.role}.${route.changes ? ' Only the leading operator does it; audited.' : ''}`,
      operationId: operationId(route),
      ...(parameters.length === 0 ? {} : { parameters }),
      ...(route.body === undefined
        ? {}
        : {
            requestBody: {
              required: (route.body.required ?? []).length > 0,
              content: {
                'application/json': {
                  schema: {
                    type: 'object',
                    properties: route.body.properties,
                    ...(route.body.required ? { required: route.body.required } : {}),
                    additionalProperties: false,
                  },
                },
              },
            },
          }),
      responses: {
        [String(route.status ?? 200)]: {
          description: route.status === 202 ? 'Accepted; it runs on by itself.' : 'The answer.',
          content: { 'application/json': { schema: { type: 'object' } } },
        },
        default: {
          description: 'A problem, with its code and what to do next.',
          content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
        },
      },
    };
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Matapalo operator',
      version: '1',
      description: 'Moves route groups, and says how they are.',
    },
    security: [{ token: [] }],
    paths,
    components: {
      securitySchemes: { token: { type: 'http', scheme: 'bearer' } },
      schemas: {
        Problem: {
          type: 'object',
          required: ['type', 'title', 'status', 'detail', 'code'],
          properties: {
            type: { type: 'string' },
            title: { type: 'string' },
            status: { type: 'integer' },
            detail: { type: 'string' },
            code: { type: 'string' },
            hint: { type: 'string' },
            gates: { type: 'array', items: { type: 'object' } },
          },
        },
      },
    },
  };
}

function operationId(route: ApiRoute): string {
  const words = route.path
    .replace('/api/', '')
    .split(/[/{}-]+/)
    .filter(Boolean);
  return [route.method.toLowerCase(), ...words]
    .map((word, i) => (i === 0 ? word : word.charAt(0).toUpperCase() + word.slice(1)))
    .join('');
}
