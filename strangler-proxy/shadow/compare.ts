import { brotliDecompressSync, gunzipSync, inflateSync } from 'node:zlib';
import type { Answer } from './ask.ts';

export type Verdict = 'equal' | 'ordering' | 'code';

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** Where two answers differ: a JSON pointer, or `status` or `body`. */
export interface Difference {
  at: string;
  legacy: string;
  service: string;
}

/**
 * Compares status and body; JSON by value, anything else by bytes. Pointers in `ignore` may differ (`*` stands for any
 * one step), and so may whatever differs between `legacy` and `noise`, an earlier answer of the same side.
 */
export function compareAnswers(
  legacy: Answer,
  service: Answer,
  ignore: readonly string[],
  noise?: Answer,
): Verdict {
  const differences = differencesOf(legacy, service, ignore, noise);
  if (differences.length === 0) return 'equal';
  if (legacy.status !== service.status) return 'code';
  const [a, b] = [jsonOf(legacy), jsonOf(service)];
  if (a === undefined || b === undefined) return 'code';
  const skip = matcherOf(ignore);
  return canonical(a, '', skip) === canonical(b, '', skip) ? 'ordering' : 'code';
}

export function firstDifference(
  legacy: Answer,
  service: Answer,
  ignore: readonly string[],
  noise?: Answer,
): Difference {
  return differencesOf(legacy, service, ignore, noise)[0] ?? { at: '', legacy: '', service: '' };
}

function differencesOf(
  legacy: Answer,
  service: Answer,
  ignore: readonly string[],
  noise: Answer | undefined,
): Difference[] {
  if (legacy.status !== service.status) {
    // A status that the monolith itself does not keep proves nothing.
    if (noise !== undefined && noise.status !== legacy.status) return [];
    return [{ at: 'status', legacy: String(legacy.status), service: String(service.status) }];
  }
  const [a, b] = [jsonOf(legacy), jsonOf(service)];
  if (a === undefined || b === undefined) {
    const isSame = plainBody(legacy).equals(plainBody(service));
    const isNoise = noise !== undefined && !plainBody(noise).equals(plainBody(legacy));
    return isSame || isNoise
      ? []
      : [{ at: 'body', legacy: excerpt(plainBody(legacy)), service: excerpt(plainBody(service)) }];
  }
  const found = diff(a, b, '', matcherOf(ignore));
  const earlier = noise === undefined ? undefined : jsonOf(noise);
  if (earlier === undefined || found.length === 0) return found;
  const noisy = diff(earlier, a, '', () => false).map((one) => one.at);
  return found.filter(({ at }) => !noisy.some((pointer) => at === pointer || at.startsWith(`${pointer}/`)));
}

const maxDifferences = 100;

function diff(a: Json, b: Json, at: string, skip: (pointer: string) => boolean): Difference[] {
  const found: Difference[] = [];
  const walk = (x: Json | undefined, y: Json | undefined, pointer: string) => {
    if (found.length >= maxDifferences || x === y || (pointer !== '' && skip(pointer))) return;
    if (Array.isArray(x) && Array.isArray(y) && x.length === y.length) {
      x.forEach((item, i) => walk(item, y[i], `${pointer}/${i}`));
    } else if (isObject(x) && isObject(y)) {
      for (const key of new Set([...Object.keys(x), ...Object.keys(y)]))
        walk(x[key], y[key], `${pointer}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`);
    } else found.push({ at: pointer === '' ? 'body' : pointer, legacy: textOf(x), service: textOf(y) });
  };
  walk(a, b, at);
  return found;
}

function isObject(value: Json | undefined): value is { [key: string]: Json } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Keys and items in one order, whatever order they came in. */
function canonical(value: Json, at: string, skip: (pointer: string) => boolean): string {
  if (at !== '' && skip(at)) return '';
  if (Array.isArray(value))
    return `[${value
      .map((item) => canonical(item, `${at}/*`, skip))
      .sort()
      .join()}]`;
  if (!isObject(value)) return JSON.stringify(value);
  const keys = Object.keys(value).sort();
  return `{${keys.map((key) => `${JSON.stringify(key)}:${canonical(value[key] ?? null, `${at}/${key}`, skip)}`).join()}}`;
}

function matcherOf(ignore: readonly string[]): (pointer: string) => boolean {
  if (ignore.length === 0) return () => false;
  const patterns = ignore.map((one) => one.split('/'));
  return (pointer) => {
    const steps = pointer.split('/');
    return patterns.some(
      (pattern) =>
        pattern.length === steps.length &&
        pattern.every((step, i) => step === '*' || steps[i] === '*' || step === steps[i]),
    );
  };
}

function jsonOf(answer: Answer): Json | undefined {
  const type = answer.headers['content-type'];
  if (typeof type !== 'string' || !/^application\/(?:[\w.-]+\+)?json\b/i.test(type)) return undefined;
  try {
    return JSON.parse(plainBody(answer).toString('utf8')) as Json;
  } catch {
    return undefined;
  }
}

const maxInflated = { maxOutputLength: 4 * 1024 * 1024 };

function plainBody(answer: Answer): Buffer {
  try {
    switch (answer.headers['content-encoding']) {
      case 'gzip':
        return gunzipSync(answer.body, maxInflated);
      case 'deflate':
        return inflateSync(answer.body, maxInflated);
      case 'br':
        return brotliDecompressSync(answer.body, maxInflated);
      default:
        return answer.body;
    }
  } catch {
    return answer.body;
  }
}

const excerpt = (body: Buffer) => body.subarray(0, 500).toString('utf8');
const textOf = (value: Json | undefined) =>
  value === undefined ? '(absent)' : JSON.stringify(value).slice(0, 500);
