import type { DataSource } from 'typeorm';
import { describeError } from '#kernel/errors.ts';
import type { Log } from '#kernel/log.ts';
import { Refusal } from '#kernel/http/refusal.ts';
import { ownerNow, type Ownership } from '#kernel/db/ownership.ts';
import { expireDue } from './store/reservations.ts';
import type { Write } from '#kernel/db/unit-of-work.ts';

const batch = 100;

/** Gives back stock whose reservation ran out. Idles while another side owns the catalogue. */
export async function expireReservations(
  source: DataSource,
  ownership: Ownership,
  write: Write,
): Promise<number> {
  if ((await ownerNow(source.manager, ownership)) !== 'us') return 0;
  let expired = 0;
  for (;;) {
    const count = await write((sql) => expireDue(sql, batch));
    expired += count;
    if (count < batch) return expired;
  }
}

/** Runs the job again and again, never twice at a time; returns what stops it and waits for the run in hand. */
export function startExpiry(run: () => Promise<number>, log: Log, intervalMs = 1_000): () => Promise<void> {
  let stopped = false;
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> = Promise.resolve();
  const turn = async () => {
    try {
      const expired = await run();
      if (expired > 0) log.info({ expired }, 'reservations expired');
    } catch (error) {
      // Ownership moved during the run, or the database is away: the next turn sees it.
      const moved = error instanceof Refusal && error.code === 'not-owner';
      if (!moved) log.warn({ err: error }, `reservations were not expired: ${describeError(error)}`);
    }
    if (!stopped) schedule();
  };
  const schedule = () => {
    timer = setTimeout(() => {
      running = turn();
    }, intervalMs);
    timer.unref();
  };
  schedule();
  return async () => {
    stopped = true;
    clearTimeout(timer);
    await running;
  };
}
