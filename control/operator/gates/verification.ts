import type { Direction } from '#plan/phase.ts';
import { directionOf, met, unmet, type Gate } from './gate.ts';

export interface VerificationEvidence {
  group: string;
  direction: Direction;
  newest:
    | {
        state: string;
        rows: number;
        differences: number;
        expired: boolean;
        /** Begun before the group last changed hands: it speaks of another time. */
        beforeHandover: boolean;
        endedAt: string | undefined;
      }
    | undefined;
}

/** Pure. */
export function judgeVerification({ group, direction, newest }: VerificationEvidence) {
  const help = `matapalo verify ${group}${direction === 'reverse' ? ' --direction reverse' : ''}`;
  if (newest === undefined) return unmet(`${direction} was never verified`, help);
  if (newest.state === 'running') return unmet(`a ${direction} verification is running`, `matapalo status`);
  if (newest.state !== 'clean') {
    return unmet(
      `the newest ${direction} verification is ${newest.state} with ${newest.differences} differences in ${newest.rows} rows`,
      `matapalo repair ${group} --dry-run`,
    );
  }
  const seen = `${newest.rows} rows verified ${direction}, no difference, ended ${newest.endedAt ?? 'now'}`;
  if (newest.beforeHandover) return unmet(`${seen}, which was before ownership last moved`, help);
  return newest.expired ? unmet(`${seen}, and has expired`, help) : met(seen);
}

export const verificationGate: Gate = {
  name: 'verification',
  kinds: ['switch', 'rollback', 'retire'],
  check: async ({ op, group, kind }) => {
    const direction = directionOf(kind);
    const { rows } = await op.control.query<{
      state: string;
      rows: string;
      differences: string;
      expired: boolean;
      stale: boolean;
      ended_at: Date | null;
    }>(
      `select v.state, v.rows::text, (v.missing + v.extra + v.different)::text as differences,
              coalesce(v.expires_at <= now(), false) as expired, v.ended_at,
              exists (select from transition t where t.group_name = v.group_name and t.state = 'done'
                        and t.kind in ('switch', 'rollback') and t.ended_at > v.started_at) as stale
         from verification v where v.group_name = $1 and v.direction = $2 order by v.started_at desc limit 1`,
      [group.name, direction],
    );
    const row = rows[0];
    return judgeVerification({
      group: group.name,
      direction,
      newest: row && {
        state: row.state,
        rows: Number(row.rows),
        differences: Number(row.differences),
        expired: row.expired,
        beforeHandover: row.stale,
        endedAt: row.ended_at?.toISOString(),
      },
    });
  },
};
