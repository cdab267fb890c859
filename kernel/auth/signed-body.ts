import { createHmac, timingSafeEqual } from 'node:crypto';

/** How far the signature's clock may be from ours: what was overheard is of no use for longer. */
export const toleranceSeconds = 300;

/** Whether `t=<seconds>,v1=<hex>` is the HMAC-SHA256 of `<seconds>.<body>`, made about now by whoever knows the secret. */
export function isSigned(secret: string, header: string, body: string, nowMs: number): boolean {
  const found = /^t=(\d{1,12}),v1=([0-9a-f]{64})$/.exec(header);
  if (secret === '' || found === null) return false;
  const [, seconds = '', given = ''] = found;
  if (Math.abs(nowMs / 1000 - Number(seconds)) > toleranceSeconds) return false;
  const expected = createHmac('sha256', secret).update(`${seconds}.${body}`).digest();
  return timingSafeEqual(Buffer.from(given, 'hex'), expected);
}
