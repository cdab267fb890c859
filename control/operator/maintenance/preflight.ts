import { groupOf, type Plan } from '#plan/compile.ts';
import { resolveGroup } from '#plan/mapping/load-flows.ts';
import type { Databases } from '../databases.ts';

export interface PreflightFinding {
  group: string;
  level: 'refuse' | 'warn' | 'info';
  where: string;
  message: string;
  mend?: string;
}

/** What the databases lack, for all groups or one. */
export async function preflightAll(
  plan: Plan,
  databases: Databases,
  only?: string,
): Promise<PreflightFinding[]> {
  const groups = only === undefined ? [...plan.groups.values()] : [groupOf(plan, only)];
  const findings: PreflightFinding[] = [];
  for (const group of groups) {
    const { problems } = await resolveGroup(
      group,
      databases.of(group, 'legacy'),
      databases.of(group, 'service'),
    );
    findings.push(
      ...problems.map((problem) => ({
        group: group.name,
        level: 'refuse' as const,
        where: `groups.${group.name}.tables.${problem.entry}.${problem.path.join('.')}`,
        message: problem.message,
      })),
    );
  }
  return findings;
}
