import type { Queryable } from '#kernel/db/pool.ts';
import type { GroupPlan, Plan } from '#plan/compile.ts';
import { groupOf } from '#plan/compile.ts';
import { checkCarried } from './check-carried.ts';
import { checkMapping } from './check-mapping.ts';
import { checkRights } from './check-rights.ts';
import { checkServer } from './check-server.ts';
import { checkEmpty, checkTables } from './check-tables.ts';
import type { Finding, Subject } from './finding.ts';
import { checkForeignKeys } from './foreign-keys.ts';

const sides = ['legacy', 'service'] as const;

/** True for a finding that a transition of this kind must not pass. */
export function blocksTransition(finding: Finding, kind: string): boolean {
  return finding.level === 'refuse' || (finding.blocks ?? []).some((blocked) => blocked === kind);
}

/**
 * All that stands in the way of a group's sync, found before anything changes. Changes nothing itself: it reads catalogs and a
 * sample of rows, and tries expressions on temporary tables. Rows are looked at only where the role may read them.
 */
export async function preflight(
  plan: Plan,
  group: GroupPlan | string,
  databases: { legacy: Queryable; service: Queryable },
): Promise<Finding[]> {
  const subject: Subject = { group: typeof group === 'string' ? groupOf(plan, group) : group, ...databases };
  const findings: Finding[] = [];
  for (const side of sides) {
    findings.push(...(await checkServer(subject, side)), ...(await checkRights(subject, side)));
  }
  if (findings.some((finding) => finding.level === 'refuse' && finding.message.startsWith('Role')))
    return findings;
  for (const side of sides) {
    findings.push(...(await checkTables(subject, side)), ...(await checkForeignKeys(subject, side)));
  }
  if (plan.config.transport === 'debezium') findings.push(...(await checkCarried(subject)));
  findings.push(...(await checkEmpty(subject)));
  const refused = findings.filter((finding) => finding.level === 'refuse');
  const hidden = new Set(refused.filter((finding) => finding.hidesRows).map((finding) => finding.where));
  const mapping = await checkMapping(subject, hidden);
  // A table that has no identity at all is said once, with its statement.
  findings.push(
    ...mapping.filter(
      (finding) =>
        !/replica identity/.test(finding.message) ||
        !refused.some((other) => finding.message.includes(`of ${other.where}:`)),
    ),
  );
  const weight = { refuse: 0, warn: 1, info: 2 } as const;
  return findings.sort((a, b) => weight[a.level] - weight[b.level]);
}
