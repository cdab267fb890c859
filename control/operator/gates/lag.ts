import { readProgress, type Progress } from '#plan/store/progress.ts';
import type { Direction } from '#plan/phase.ts';
import { directionOf, met, unmet, type Gate } from './gate.ts';

export interface LagEvidence {
  direction: Direction;
  progress: Pick<Progress, 'state' | 'lagMs' | 'error' | 'backfill'> | undefined;
  /** Since the worker last reported. */
  reportAgeMs: number;
  maxLagMs: number;
  group: string;
}

/** Pure. A silent worker counts as lag: its last figure says nothing about now. */
export function judgeLag({ direction, progress, reportAgeMs, maxLagMs, group }: LagEvidence) {
  const help = `matapalo lag ${group}`;
  if (progress === undefined)
    return unmet(`no cdc worker reports ${direction} sync`, 'Start the cdc worker, then: matapalo status');
  if (progress.state !== 'streaming') {
    const copied = progress.backfill?.reduce((sum, table) => sum + table.rows, 0);
    const detail = copied === undefined ? '' : `, ${copied} rows copied`;
    const error = progress.error
      ? `: ${typeof progress.error['message'] === 'string' ? progress.error['message'] : 'failed'}`
      : '';
    return unmet(`${direction} sync is ${progress.state}${detail}${error}`, help);
  }
  const lagMs = (progress.lagMs ?? Number.POSITIVE_INFINITY) + Math.max(0, reportAgeMs - 1_500);
  if (!Number.isFinite(lagMs)) return unmet(`${direction} sync has applied no beat yet`, help);
  const evidence = `${direction} lag ${Math.round(lagMs)} ms, at most ${maxLagMs} ms allowed`;
  return lagMs <= maxLagMs ? met(evidence) : unmet(evidence, help);
}

export const lagGate: Gate = {
  name: 'lag',
  kinds: ['shadow', 'canary', 'switch', 'rollback'],
  check: async ({ op, group, kind }) => {
    const direction = directionOf(kind);
    const all = await readProgress(op.control, group.name);
    const progress = all.find((row) => row.direction === direction);
    const { rows } = await op.control.query<{ now: Date }>('select clock_timestamp() as now');
    const now = rows[0]?.now ?? new Date();
    return judgeLag({
      direction,
      progress,
      reportAgeMs: progress ? now.getTime() - progress.updatedAt.getTime() : 0,
      maxLagMs: group.limits.maxLagMs,
      group: group.name,
    });
  },
};
