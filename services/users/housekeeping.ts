import type { DataSource } from 'typeorm';
import { ownerNow, type Ownership } from '#kernel/db/ownership.ts';
import { rows } from '#kernel/db/statements.ts';
import type { Write } from '#kernel/db/unit-of-work.ts';
import { describeError } from '#kernel/errors.ts';
import { Refusal } from '#kernel/http/refusal.ts';
import type { Log } from '#kernel/log.ts';
import { windowSeconds } from './rules/limits.ts';

/** Tokens and links that ended more than a week ago (until then a reuse is still noticed), and old counts. */
export async function dropEnded(source: DataSource, ownership: Ownership, write: Write): Promise<void> {
  if ((await ownerNow(source.manager, ownership)) !== 'us') return;
  await write(async (sql) => {
    await rows(sql, `delete from refresh_tokens where expires_at < now() - interval '7 days'`);
    await rows(sql, `delete from mail_links where expires_at < now() - interval '7 days'`);
    await rows(sql, 'delete from attempts where window_start <= now() - make_interval(secs => $1)', [
      windowSeconds,
    ]);
  });
}

/** Runs the job now and every `everyMs`, never twice at a time; returns what stops it and waits for the run in hand. */
export function startHousekeeping(
  run: () => Promise<void>,
  log: Log,
  everyMs = 3_600_000,
): () => Promise<void> {
  let running: Promise<void> | undefined;
  const turn = () => {
    running ??= run()
      .catch((error: unknown) => {
        // Ownership moved during the run: the next one sees it.
        const moved = error instanceof Refusal && error.code === 'not-owner';
        if (!moved) log.warn({ err: error }, `what has ended was not dropped: ${describeError(error)}`);
      })
      .finally(() => (running = undefined));
  };
  turn();
  const timer = setInterval(turn, everyMs);
  timer.unref();
  return async () => {
    clearInterval(timer);
    await running;
  };
}
