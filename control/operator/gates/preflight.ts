import type { Finding } from '#preflight/finding.ts';
import { preflightGroup } from '../maintenance/preflight.ts';
import { met, unmet, warned, type Gate } from './gate.ts';

/** Pure. */
export function judgePreflight(findings: readonly Finding[], group: string) {
  const refusals = findings.filter((finding) => finding.level === 'refuse');
  const first = refusals[0];
  if (first) {
    return unmet(
      refusals.map((finding) => `${finding.where}: ${finding.message}`).join('; '),
      refusals.length === 1 ? first.mend : `matapalo preflight ${group}`,
    );
  }
  const warnings = findings.filter((finding) => finding.level === 'warn');
  return warnings.length === 0
    ? met('databases and mapping have all that is needed')
    : warned(
        warnings.map((finding) => `${finding.where}: ${finding.message}`).join('; '),
        `matapalo preflight ${group}`,
      );
}

/** Nothing is changed in a database that lacks something. */
export const preflightGate: Gate = {
  name: 'preflight',
  kinds: ['sync'],
  check: async ({ op, group }) =>
    judgePreflight(await preflightGroup(op.plan, op.databases, group), group.name),
};
