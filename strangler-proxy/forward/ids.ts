import { randomFillSync } from 'node:crypto';

const bytes = Buffer.alloc(4_096);
let hex = '';
let used = 0;

/** Random hexadecimal digits from a pool: an id for each request must not cost a system call each. */
export function randomHex(length: number): string {
  if (used + length > hex.length) {
    hex = randomFillSync(bytes).toString('hex');
    used = 0;
  }
  const id = hex.slice(used, used + length);
  used += length;
  return id;
}

const traceparent = /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/;

/** W3C trace context: a valid trace goes on under a span of ours; anything else starts a new one. */
export function traceOf(incoming: string | undefined): { value: string; continues: boolean } {
  const match = incoming === undefined ? null : traceparent.exec(incoming);
  if (match !== null && !/^0+$/.test(match[1] ?? '0') && !/^0+$/.test(match[2] ?? '0')) {
    return { value: `00-${match[1]}-${randomHex(16)}-${match[3]}`, continues: true };
  }
  return { value: `00-${randomHex(32)}-${randomHex(16)}-01`, continues: false };
}

/** An incoming id is kept only when it is short and plain: it ends up in logs and headers. */
export function requestIdOf(incoming: string | undefined): string {
  return incoming !== undefined && /^[\w.:-]{1,128}$/.test(incoming) ? incoming : randomHex(32);
}
