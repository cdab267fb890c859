import assert from 'node:assert/strict';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { openapi } from '../../monolith/openapi.ts';
import type { Operation } from '../../monolith/http/document.ts';

export interface MatchedOperation {
  method: string;
  template: string;
  operation: Operation;
}

export interface Answer {
  status: number;
  headers: Headers;
  /** Parsed JSON, or undefined where the answer has no body. */
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- each case asserts what it reads, after validation
  body: any;
}

const ajv = new Ajv2020({ strict: false, allErrors: true });
addFormats.default(ajv);
ajv.addSchema(openapi, 'openapi');

const operations: (MatchedOperation & { pattern: RegExp; literals: number })[] = Object.entries(openapi.paths)
  .flatMap(([template, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({
      method: method.toUpperCase(),
      template,
      operation,
      pattern: new RegExp(`^${template.replaceAll('.', '\\.').replaceAll(/\{\w+\}/g, '[^/]+')}$`),
      literals: template.split('/').filter((part) => !part.startsWith('{')).length,
    })),
  )
  // `/users/me` before `/users/{id}`.
  .sort((a, b) => b.literals - a.literals);

export function allOperations(): readonly MatchedOperation[] {
  return operations;
}

export function operationOf(method: string, path: string): MatchedOperation | undefined {
  const plain = path.split('?')[0] ?? '';
  return operations.find((entry) => entry.method === method && entry.pattern.test(plain));
}

/** Fails unless the answer is one that the document promises for the operation. */
export function assertPromised(method: string, path: string, answer: Answer): void {
  const said = `${method} ${path} -> ${answer.status} ${JSON.stringify(answer.body)?.slice(0, 300) ?? ''}`;
  assert.ok(answer.status < 500, `${said}: a server error`);
  const type = answer.headers.get('content-type') ?? '';
  if (answer.status >= 400) assertProblem(said, type, answer);
  const matched = operationOf(method, path);
  if (matched === undefined) return;
  const { template, operation } = matched;
  const promised = operation.responses[String(answer.status)];
  assert.ok(
    promised,
    `${said}: the document promises ${Object.keys(operation.responses).join(', ')} for ${method} ${template}`,
  );
  if (answer.status >= 400) return;
  const media = Object.keys(promised.content ?? {})[0];
  if (media === undefined) {
    assert.ok(
      answer.body === undefined || answer.body === '',
      `${said}: a body that the document does not promise`,
    );
    return;
  }
  assert.ok(type.startsWith(media), `${said}: ${type}, not ${media}`);
  const escaped = (part: string) => part.replaceAll('~', '~0').replaceAll('/', '~1');
  const pointer = `openapi#/paths/${escaped(template)}/${method.toLowerCase()}/responses/${answer.status}/content/${escaped(media)}/schema`;
  assertValid(said, pointer, answer.body);
}

function assertProblem(said: string, type: string, { status, body }: Answer): void {
  assert.match(type, /^application\/problem\+json/, said);
  assertValid(said, 'openapi#/components/schemas/Problem', body);
  const { status: inBody, type: uri, code } = body as { status: number; type: string; code: string };
  assert.equal(inBody, status, said);
  assert.equal(uri, `/problems/${code}`, said);
}

function assertValid(said: string, pointer: string, value: unknown): void {
  const validate =
    ajv.getSchema(encodeURI(pointer)) ?? (ajv.getSchema(pointer) as ValidateFunction | undefined);
  assert.ok(validate, `no schema at ${pointer}`);
  assert.ok(validate(value), `${said}: ${ajv.errorsText(validate.errors)}`);
}
