import type { GroupPlan } from '#plan/compile.ts';
import type { TransitionKind } from '#plan/phase.ts';
import { readProgress } from '#plan/store/progress.ts';
import type { Operator } from '../operator.ts';
import { directionOf, givingSide, met, unmet, type Gate } from './gate.ts';

export interface PauseEvidence {
  /** Round trips to the control, source and target databases. */
  controlRttMs: number;
  sourceRttMs: number;
  targetRttMs: number;
  /** Usual time from a commit in the source to its commit in the target. */
  applyMs: number;
  /** Drain of the last handovers of this group, or what a drain usually takes. */
  drainMs: number;
}

/**
 * What clients will wait: the drain, then each step's round trips, then the last beat's way. Pure.
 * A journal entry is one trip to the control database, a move of ownership five to a captured one.
 */
export function estimatePause(e: PauseEvidence): number {
  const journal = 12 * e.controlRttMs;
  const moves = 5 * e.sourceRttMs + 5 * e.targetRttMs;
  const sequences = e.sourceRttMs + 2 * e.targetRttMs;
  return Math.round(e.drainMs + journal + moves + e.applyMs + sequences + 5);
}

export async function predictPause(
  op: Pick<Operator, 'control' | 'databases'>,
  group: GroupPlan,
  kind: TransitionKind,
): Promise<number | undefined> {
  try {
    const from = givingSide(kind);
    const source = op.databases.of(group, from);
    const target = op.databases.of(group, from === 'legacy' ? 'service' : 'legacy');
    const [controlRttMs, sourceRttMs, targetRttMs] = await Promise.all(
      [op.control, source, target].map(async (pool) => {
        await pool.query('select 1');
        const startedAt = performance.now();
        await pool.query('select 1');
        return performance.now() - startedAt;
      }),
    );
    const progress = (await readProgress(op.control, group.name)).find(
      (row) => row.direction === directionOf(kind),
    );
    const { rows } = await op.control.query<{ drain: number | null }>(
      `select percentile_disc(0.5) within group (order by (measured ->> 'drainMs')::float8) as drain
         from (select measured from transition where group_name = $1 and state = 'done' and measured ? 'drainMs'
                order by started_at desc limit 5) newest`,
      [group.name],
    );
    return estimatePause({
      controlRttMs: controlRttMs ?? 1,
      sourceRttMs: sourceRttMs ?? 1,
      targetRttMs: targetRttMs ?? 1,
      applyMs: Math.max(5, (progress?.captureLagMs ?? 5) + (progress?.applyLagMs ?? 5)),
      drainMs: rows[0]?.drain ?? 25,
    });
  } catch {
    // A database that does not answer is told by other gates, with its name.
    return undefined;
  }
}

export const pauseGate: Gate = {
  name: 'pause',
  kinds: ['switch', 'rollback'],
  check: async ({ group, predictedPauseMs }) => {
    const budget = group.limits.pauseBudgetMs;
    const help = `matapalo lag ${group.name}`;
    if (predictedPauseMs === undefined) return unmet('the pause cannot be predicted', help);
    const evidence = `predicted pause ${predictedPauseMs} ms, budget ${budget} ms`;
    return predictedPauseMs <= budget ? met(evidence) : unmet(evidence, help);
  },
};
