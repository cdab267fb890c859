import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { Pace } from './pace.ts';

test('turns that nobody was free to take stay due', async () => {
  const pace = new Pace(1000);
  await delay(100);
  const startedMs = performance.now();
  // Nobody asked for a while: these are due already, however slow the machine.
  for (let turn = 0; turn < 50; turn++) expect(await pace.turn()).toBe(true);
  expect(performance.now() - startedMs).toBeLessThan(5_000);
  pace.stop();
});

test('no more turns than were due are given out', async () => {
  const pace = new Pace(200);
  const startedMs = performance.now();
  for (let turn = 0; turn < 40; turn++) await pace.turn();
  expect(performance.now() - startedMs).toBeGreaterThan(195);
  pace.stop();
});

test('a stop ends everybody who waits, and gives no more turns', async () => {
  const pace = new Pace(0.001);
  const waiting = [pace.turn(), pace.turn()];
  pace.stop();
  expect(await Promise.all(waiting)).toEqual([false, false]);
  expect(await pace.turn()).toBe(false);
});
