import { expect, test } from 'vitest';
import { Lease } from './lease.ts';

test('a lease ends by the monotonic clock, counted from the question', () => {
  let now = 0;
  const lease = new Lease(() => now);
  expect(lease.hasExpired()).toBe(true);
  lease.renew(0);
  now = Lease.durationMs;
  expect(lease.hasExpired()).toBe(false);
  now++;
  expect(lease.hasExpired()).toBe(true);
  // An answer that took long to come does not renew from when it came.
  lease.renew(1);
  now = Lease.durationMs + 2;
  expect(lease.hasExpired()).toBe(true);
});
