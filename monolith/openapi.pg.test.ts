import { Validator } from '@seriousme/openapi-schema-validator';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startCluster, type Cluster } from '#stack/clusters.ts';
import type { Operation, Parameter, Schema } from './http/document.ts';
import { openapi } from './openapi.ts';
import { shopOn, type ShopUnderTest } from './testing/shop-on.ts';

let cluster: Cluster;
let shop: ShopUnderTest;

beforeAll(async () => {
  cluster = await startCluster();
  shop = await shopOn(await cluster.createDatabase('shop'));
});

afterAll(async () => {
  await shop.close();
  await cluster.stop();
});

const operations = Object.entries(openapi.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({ path, method: method.toUpperCase(), operation })),
);

/** Fastify's route tree, read back as `GET /users/{id}`; HEAD comes with every GET. */
function routesOf(tree: string): string[] {
  const stack: string[] = [];
  return tree.split('\n').flatMap((line) => {
    const found = /^(.*?)[├└]── (\S*)(?: \(([A-Z, ]+)\))?/u.exec(line);
    if (found === null) return [];
    const [, indent = '', part = '', methods = ''] = found;
    stack.splice(indent.length / 4);
    stack.push(part);
    const path = stack.join('').replaceAll(/:(\w+)/g, '{$1}');
    const named = methods.split(', ').filter((method) => method !== '' && method !== 'HEAD');
    return named.map((method) => `${method} ${path}`);
  });
}

test('the document is valid OpenAPI 3.1, and served', async () => {
  const result = await new Validator().validate(structuredClone(openapi));
  expect(result).toMatchObject({ valid: true });
  expect((await shop.call('GET', '/openapi.json')).body['openapi']).toBe('3.1.0');
});

test('it covers every route, and every operation has one', () => {
  const plumbing = ['GET /livez', 'GET /metrics', 'GET /openapi.json', 'GET /readyz'];
  const described = operations.map(({ path, method }) => `${method} ${path}`);
  expect(routesOf(shop.app.printRoutes({ commonPrefix: false })).sort()).toEqual(
    [...described, ...plumbing].sort(),
  );
});

const junkTexts = [
  '',
  '0',
  '-1',
  '2147483648',
  '99999999999999999999',
  'NaN',
  '%00',
  "'--",
  '%F0%9F%92%A9',
  '[]',
  '1e3',
];
const junkValues: unknown[] = [
  null,
  true,
  -1,
  1.5,
  1e300,
  '',
  '\0',
  'x'.repeat(6000),
  '\ud800',
  [],
  {},
  [null],
  { a: 1 },
];

/** The lowest right value, so that the junk beside it is what decides. */
function sample(schema: Schema): unknown {
  const { type, enum: values, properties, items, format, pattern } = schema;
  const [first] = Array.isArray(values) ? (values as unknown[]) : [];
  if (first !== undefined) return first;
  const kind: unknown = Array.isArray(type) ? (type as unknown[])[0] : type;
  if (kind === 'object') {
    return Object.fromEntries(
      Object.entries((properties ?? {}) as Record<string, Schema>).map(([name, member]) => [
        name,
        sample(member),
      ]),
    );
  }
  if (kind === 'array') return [sample(items as Schema)];
  if (kind === 'integer' || kind === 'number') return 1;
  if (kind === 'boolean') return true;
  if (format === 'uuid') return '5e1a0b6c-3f5d-4a55-8f0c-0d7e8f1f0000';
  if (format === 'email') return 'junk@shop.example';
  if (typeof pattern !== 'string') return 'sample';
  return pattern.startsWith('^tok') ? 'tok_ok' : '1.00';
}

const placeOf = (path: string, parameters: Parameter[], value: (parameter: Parameter) => string) =>
  parameters
    .filter((parameter) => parameter.in === 'path')
    .reduce((url, parameter) => url.replace(`{${parameter.name}}`, value(parameter)), path);

function expectRefusal(said: string, answer: Awaited<ReturnType<ShopUnderTest['call']>>): void {
  expect(answer.status, said).toBeLessThan(500);
  if (answer.status < 400) return;
  expect(String(answer.headers['content-type']), said).toContain('application/problem+json');
  expect(answer.body, said).toMatchObject({
    status: answer.status,
    type: `/problems/${String(answer.body['code'])}`,
  });
}

describe.each(operations)('$method $path', ({ path, method, operation }) => {
  const parameters = operation.parameters ?? [];
  const bodySchema = (operation: Operation) => Object.values(operation.requestBody?.content ?? {})[0]?.schema;
  const send = async (url: string, more: { body?: unknown; headers?: Record<string, string> } = {}) => {
    const token = await shop.tokenOf('admin');
    const headers = { 'idempotency-key': 'junk', ...more.headers };
    const answer = await shop.call(method as 'GET', url, { ...more, headers, token });
    expectRefusal(
      `${method} ${url} ${JSON.stringify(more)} -> ${answer.status} ${JSON.stringify(answer.body)}`,
      answer,
    );
    return answer;
  };

  test('junk in the URL is answered with 4xx, or is no junk; never with 500', async () => {
    for (const junk of junkTexts) {
      await send(placeOf(path, parameters, () => junk));
      const url = placeOf(path, parameters, ({ schema }) => String(sample(schema)));
      for (const { name } of parameters.filter((one) => one.in === 'query'))
        await send(`${url}?${name}=${junk}`);
    }
  });

  test('junk in the body is answered with 4xx, or is no junk; never with 500', async () => {
    const schema = bodySchema(operation);
    // An id that nothing has, so that right bodies change nothing either.
    const url = placeOf(path, parameters, ({ schema: { type } }) =>
      type === 'integer' ? '2147483647' : '5e1a0b6c-3f5d-4a55-8f0c-0d7e8f1f0001',
    );
    const json = { 'content-type': 'application/json' };
    for (const body of ['{', 'null', '[]', '"x"', '1', '{"__proto__":{"a":1}}', '{"a":"\\u0000"}']) {
      const { status } = await send(url, { body, headers: json });
      if (operation.requestBody?.required === true) expect(status).toBeGreaterThanOrEqual(400);
    }
    if (schema === undefined) return;
    expect((await send(url, { body: '<a/>', headers: { 'content-type': 'text/xml' } })).status).toBe(415);
    const large = JSON.stringify({ a: 'x'.repeat(300_000) });
    expect((await send(url, { body: large, headers: json })).status).toBe(413);
    const right = sample(schema) as Record<string, unknown>;
    for (const name of Object.keys(right)) {
      for (const junk of junkValues) await send(url, { body: { ...right, [name]: junk } });
    }
    await send(url, { body: { ...right, surplus: 1 } });
  });

  test('it needs the token and the role that the document says', async () => {
    if (operation.security === undefined || operation.security.some((one) => Object.keys(one).length === 0))
      return;
    const url = placeOf(path, parameters, ({ schema }) => String(sample(schema)));
    for (const headers of [
      {},
      { authorization: 'Bearer rubbish.rubbish.rubbish.rubbish' },
      { authorization: 'Basic eA==' },
    ]) {
      expect((await shop.call(method as 'GET', url, { headers })).body).toMatchObject({
        code: 'unauthorized',
      });
    }
    if (operation['x-roles'] === undefined) return;
    const token = await shop.tokenOf('customer1');
    expect((await shop.call(method as 'GET', url, { token })).body).toMatchObject({ code: 'forbidden' });
  });
});
