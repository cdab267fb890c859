import { databaseOf } from '#plan/compile.ts';
import { otherSide, sourceSide, type Direction } from '#plan/phase.ts';
import { directionOf, met, unmet, type Gate } from './gate.ts';

export interface RehearsalEvidence {
  direction: Direction;
  /** Age of the newest beat seen applied at the far end, on the clock of the database that beat. */
  ageMs: number | undefined;
  allowedMs: number;
  group: string;
}

/** The way back must work before the way there is taken. Pure. */
export function judgeRehearsal({ direction, ageMs, allowedMs, group }: RehearsalEvidence) {
  const help = `matapalo doctor ${group}`;
  if (ageMs === undefined) return unmet(`no beat of the ${direction} direction was ever seen applied`, help);
  const evidence = `a ${direction} beat was applied ${Math.max(0, Math.round(ageMs))} ms ago`;
  return ageMs <= allowedMs ? met(evidence) : unmet(`${evidence}, at most ${allowedMs} ms allowed`, help);
}

export const rehearsedGate: Gate = {
  name: 'way-back-rehearsed',
  kinds: ['switch', 'rollback'],
  check: async ({ op, group, kind }) => {
    const direction: Direction = directionOf(kind) === 'forward' ? 'reverse' : 'forward';
    const source = sourceSide(direction);
    const target = otherSide(source);
    const checkpoint = await op.databases
      .of(group, target)
      .query<{ at: Date | null }>(
        'select beat_at as at from matapalo.checkpoint where group_name = $1 and direction = $2',
        [group.name, direction],
      );
    const clock = await op.databases
      .of(group, source)
      .query<{ now: Date }>('select clock_timestamp() as now');
    const at = checkpoint.rows[0]?.at;
    const now = clock.rows[0]?.now;
    const sameDatabase = databaseOf(group, 'legacy') === databaseOf(group, 'service');
    if (sameDatabase) return unmet('both sides are one database', 'Correct `database` in the config.');
    return judgeRehearsal({
      direction,
      ageMs: at && now ? now.getTime() - at.getTime() : undefined,
      allowedMs: group.limits.maxLagMs + 5_000,
      group: group.name,
    });
  },
};
