import { met, unmet, type Gate } from './gate.ts';

export interface ComparisonEvidence {
  group: string;
  total: number;
  /** Differences that neither lag, noise nor ordering explains. */
  code: number;
  minComparisons: number;
  maxMismatchRate: number;
}

/** Few comparisons prove nothing, so their number is a condition of its own. Pure. */
export function judgeComparisons(e: ComparisonEvidence) {
  if (e.minComparisons === 0 && e.total === 0) return met('limits.minComparisons is 0: not asked for');
  const rate = e.total === 0 ? 0 : e.code / e.total;
  const evidence = `${e.code} of ${e.total} shadow comparisons differ by code (${(rate * 100).toFixed(3)} %, at most ${(e.maxMismatchRate * 100).toFixed(3)} %)`;
  if (e.total < e.minComparisons)
    return unmet(
      `${evidence}; ${e.minComparisons} comparisons are needed`,
      'Let the group stay in shadow until there are enough.',
    );
  return rate <= e.maxMismatchRate ? met(evidence) : unmet(evidence, `matapalo status ${e.group}`);
}

export const comparisonsGate: Gate = {
  name: 'comparisons',
  kinds: ['switch'],
  check: async ({ op, group }) => {
    const { rows } = await op.control.query<{ total: string; code: string }>(
      `select coalesce(sum(count), 0)::text as total, coalesce(sum(count) filter (where class = 'code'), 0)::text as code
         from comparison where group_name = $1`,
      [group.name],
    );
    return judgeComparisons({
      group: group.name,
      total: Number(rows[0]?.total ?? 0),
      code: Number(rows[0]?.code ?? 0),
      minComparisons: group.limits.minComparisons,
      maxMismatchRate: group.limits.maxMismatchRate,
    });
  },
};
