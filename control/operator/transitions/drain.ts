import { MatapaloError } from '#kernel/errors.ts';
import type { Run } from './run.ts';

/**
 * Waits until no proxy has a write in flight that began before the hold. A proxy counts while its lease runs: one that
 * fell silent is waited for until then, because its last table might still serve reads; one that beats but does not
 * answer makes this throw, which undoes the transition.
 */
export async function waitDrained(run: Run): Promise<{ proxies: number; held: number }> {
  const { op, transition, group } = run;
  const deadline = performance.now() + group.limits.drainTimeoutMs;
  for (;;) {
    const { rows } = await op.steps.query<{ id: string; drained: boolean; held: number }>(
      `select id, coalesce((drained ->> $1)::boolean, false) as drained, held from proxy where lease_until > now()`,
      [transition.id],
    );
    const waiting = rows.filter((row) => !row.drained);
    if (waiting.length === 0)
      return { proxies: rows.length, held: rows.reduce((sum, row) => sum + row.held, 0) };
    if (performance.now() > deadline) {
      throw new MatapaloError(
        'undone',
        `Writes in flight did not end within ${group.limits.drainTimeoutMs} ms at ${waiting.map((row) => row.id).join(', ')}.`,
        { hint: 'Look for slow requests in the proxies, or raise limits.drainTimeoutMs.' },
      );
    }
    await op.wake.next('proxies', 5, run.term.signal);
  }
}

/** Waits until every live proxy routes by `version`; gives up quietly, because the guard protects without them. */
export async function waitAdopted(run: Run, version: bigint, timeoutMs: number): Promise<boolean> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const { rows } = await run.op.steps.query<{ behind: number }>(
      `select count(*)::int as behind from proxy where lease_until > now() and version < $1`,
      [version.toString()],
    );
    if ((rows[0]?.behind ?? 0) === 0) return true;
    if (performance.now() > deadline) return false;
    await run.op.wake.next('proxies', 5, run.term.signal);
  }
}
