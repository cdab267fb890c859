/**
 * One reading of a request target, for the router, for authorisation and for the upstream alike. What two servers could
 * read differently is either rewritten to its one plain form (dot segments, doubled slashes, needless escapes) or refused
 * (encoded slashes and backslashes, NUL, path parameters, double encoding, bytes that are not UTF-8).
 */
export interface Target {
  path: string;
  /** With its `?`, or empty. Passed on byte by byte. */
  query: string;
}

const plain = 0;
const rewrite = 1;
const forbidden = 2;

/** Class of each ASCII character in a path; everything above ASCII is forbidden. */
const classes = new Uint8Array(128).fill(forbidden);
for (const char of "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~!$&'()*+,=:@/")
  classes[char.charCodeAt(0)] = plain;
// Browsers send these raw in a path now and then; they mean the same on every server.
for (const char of '|^`{}[]"<>') classes[char.charCodeAt(0)] = plain;
classes['%'.charCodeAt(0)] = rewrite;

const slash = 47;
const dot = 46;
const question = 63;

/** Undefined: the target cannot be read in one way only; answer 400. */
export function normaliseTarget(raw: string): Target | undefined {
  if (raw.charCodeAt(0) !== slash) return undefined;
  let end = raw.length;
  let rewrites = false;
  for (let i = 0; i < raw.length; i++) {
    const code = raw.charCodeAt(i);
    if (code === question) {
      end = i;
      break;
    }
    const kind = code < 128 ? classes[code] : forbidden;
    if (kind === forbidden) return undefined;
    if (kind === rewrite) rewrites = true;
    else if (code === slash) {
      const next = raw.charCodeAt(i + 1);
      if (next === slash || next === dot) rewrites = true;
    }
  }
  let query = '';
  if (end < raw.length) {
    query = raw.slice(end);
    if (!plainQuery.test(query)) return undefined;
  }
  const path = end === raw.length ? raw : raw.slice(0, end);
  if (!rewrites) return { path, query };
  const rewritten = rewritePath(path);
  return rewritten === undefined ? undefined : { path: rewritten, query };
}

/** No control characters, no space, no fragment, nothing above ASCII. */
const plainQuery = /^[!-"$-~]*$/;
const unreserved = /[A-Za-z0-9\-._~]/;

function rewritePath(path: string): string | undefined {
  const decoded = path.includes('%') ? decodeNeedless(path) : path;
  if (decoded === undefined) return undefined;
  const kept: string[] = [];
  const segments = decoded.split('/');
  for (let i = 1; i < segments.length; i++) {
    const segment = segments[i] ?? '';
    const isLast = i === segments.length - 1;
    if (segment === '..') {
      // Climbing above the root is never meant well.
      if (kept.pop() === undefined) return undefined;
      if (isLast) kept.push('');
    } else if (segment === '.' || segment === '') {
      if (isLast) kept.push('');
    } else kept.push(segment);
  }
  return `/${kept.join('/')}`;
}

/** Decodes escapes of unreserved characters (RFC 3986, 6.2.2.2), upper-cases the others, refuses the dangerous ones. */
function decodeNeedless(path: string): string | undefined {
  let safe = true;
  const out = path.replace(/%(..)?/g, (escape: string, hex: string | undefined) => {
    if (hex === undefined || !/^[0-9a-f]{2}$/i.test(hex)) {
      safe = false;
      return '';
    }
    const code = parseInt(hex, 16);
    const char = String.fromCharCode(code);
    if (code < 32 || code === 127 || char === '/' || char === '\\' || char === ';') safe = false;
    return unreserved.test(char) ? char : escape.toUpperCase();
  });
  // Looked for in the result: `%25%41B` hides it before.
  if (!safe || /%25[0-9a-f]{2}/i.test(out)) return undefined;
  try {
    decodeURIComponent(out);
  } catch {
    return undefined;
  }
  return out;
}
