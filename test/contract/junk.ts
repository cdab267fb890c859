import assert from 'node:assert/strict';
import { allOperations, type MatchedOperation } from './contract.ts';
import { bodyOf, junkBodies, junkText, sample } from './junk-values.ts';
import type { Session } from './session.ts';
import type { ContractCase, ContractContext, Part } from './context.ts';

/**
 * For every operation of the document: what it cannot take is refused with a 4xx problem that the document promises,
 * and never with a 5xx. The junk is derived from the operation's own schemas; ids name nothing that exists.
 */
export function junkCases(context: ContractContext, parts: ReadonlySet<Part>): ContractCase[] {
  return allOperations()
    .filter(({ operation }) => operation.tags.some((tag) => parts.has(tag as Part)))
    .map((entry) => ({
      name: `junk: ${entry.method} ${entry.template}`,
      run: async () => {
        const session = entry.operation.security ? await context.as('admin') : context.guest();
        await junkPaths(session, entry);
        await junkQueries(session, entry);
        await junkBody(session, entry);
      },
    }));
}

async function refuses(session: Session, method: string, path: string, options = {}): Promise<void> {
  const answer = await session.call(method, path, options);
  const sent = JSON.stringify(options)?.slice(0, 200) ?? '';
  assert.ok(
    answer.status >= 400,
    `${method} ${path} took ${sent}: ${answer.status} ${JSON.stringify(answer.body)?.slice(0, 200)}`,
  );
}

async function junkPaths(session: Session, { method, template, operation }: MatchedOperation): Promise<void> {
  const inPath = (operation.parameters ?? []).filter((parameter) => parameter.in === 'path');
  const body = bodyOf(operation);
  const options = body === undefined ? {} : { body: sample(body) };
  for (const parameter of inPath) {
    for (const text of junkText(parameter.schema)) {
      await refuses(
        session,
        method,
        withQuery(pathOf(template, operation, { [parameter.name]: text }), operation),
        options,
      );
    }
  }
}

async function junkQueries(
  session: Session,
  { method, template, operation }: MatchedOperation,
): Promise<void> {
  const path = pathOf(template, operation);
  for (const parameter of (operation.parameters ?? []).filter((each) => each.in === 'query')) {
    for (const text of junkText(parameter.schema)) {
      await refuses(session, method, withQuery(path, operation, { [parameter.name]: text }));
    }
    if (parameter.required) await refuses(session, method, path);
  }
}

async function junkBody(session: Session, { method, template, operation }: MatchedOperation): Promise<void> {
  const schema = bodyOf(operation);
  if (schema === undefined) return;
  const path = withQuery(pathOf(template, operation), operation);
  const headers = headersOf(operation);
  // Where no body is needed, an empty one and a null are no junk.
  const absent = operation.requestBody?.required === false ? ['', 'null'] : [];
  for (const body of junkBodies(schema).filter((each) => !absent.includes(each as string)))
    await refuses(session, method, path, { body, headers });
  const valid = JSON.stringify(sample(schema));
  const types: [string, number][] = [
    ['text/plain', 415],
    ['application/xml', 415],
  ];
  for (const [type, status] of types) {
    const answer = await session.call(method, path, {
      body: valid,
      headers: { ...headers, 'content-type': type },
    });
    assert.equal(answer.status, status, `${method} ${path} as ${type}`);
  }
  const large = JSON.stringify({ padding: 'x'.repeat(300 * 1024) });
  assert.equal(
    (await session.call(method, path, { body: large, headers })).status,
    413,
    `${method} ${path}: 300 KiB`,
  );
}

function pathOf(
  template: string,
  operation: MatchedOperation['operation'],
  given: Record<string, string> = {},
): string {
  return template.replaceAll(/\{(\w+)\}/g, (_, name: string) => {
    const parameter = operation.parameters?.find((each) => each.in === 'path' && each.name === name);
    return given[name] ?? encodeURIComponent(String(sample(parameter?.schema ?? {})));
  });
}

function withQuery(
  path: string,
  operation: MatchedOperation['operation'],
  given: Record<string, string> = {},
): string {
  const required = (operation.parameters ?? [])
    .filter((each) => each.in === 'query' && each.required && !(each.name in given))
    .map((each): [string, string] => [each.name, encodeURIComponent(String(sample(each.schema)))]);
  const all = [...required, ...Object.entries(given)];
  return all.length === 0 ? path : `${path}?${all.map((pair) => pair.join('=')).join('&')}`;
}

function headersOf(operation: MatchedOperation['operation']): Record<string, string> {
  return Object.fromEntries(
    (operation.parameters ?? [])
      .filter((each) => each.in === 'header' && each.required)
      .map((each) => [each.name, String(sample(each.schema))]),
  );
}
