import { resolveGroup } from '#plan/mapping/load-flows.ts';
import type { TableFlow } from '#plan/mapping/flow.ts';
import { directions } from '#plan/phase.ts';
import { checkExpressions } from './check-expressions.ts';
import { checkLossless } from './check-lossless.ts';
import { checkKeys } from './check-keys.ts';
import { entryPath, type Finding, type Subject } from './finding.ts';

/**
 * The mapping against the two schemas, then against real rows; each finding names its line of the config. Tables in
 * `hidden` have rows that the role cannot see: nothing is said about those.
 */
export async function checkMapping(subject: Subject, hidden: ReadonlySet<string>): Promise<Finding[]> {
  const { group, legacy, service } = subject;
  const { flows, problems } = await resolveGroup(group, legacy, service);
  const findings: Finding[] = problems.map((problem) => ({
    level: 'refuse',
    side: undefined,
    where: group.tables[problem.entry]?.id ?? group.name,
    message: problem.message,
    mend: /ALTER TABLE .*/.exec(problem.message)?.[0] ?? 'Correct this field of the config.',
    path: entryPath(group, problem.entry, problem.path),
  }));
  for (const direction of directions) {
    for (const flow of flows[direction]) {
      if (hidden.has(flow.source.ref.name)) continue;
      const entry = group.tables.findIndex((table) => table.id === flow.id);
      const source = direction === 'forward' ? legacy : service;
      const target = direction === 'forward' ? service : legacy;
      const found = await checkExpressions(source, target, flow, (path) => entryPath(group, entry, path));
      findings.push(...found);
      if (found.some((item) => item.level === 'refuse')) continue;
      findings.push(...(await checkKeys(source, flow, (path) => entryPath(group, entry, path))));
      const back = returning(flow, flows[direction === 'forward' ? 'reverse' : 'forward']);
      if (back)
        findings.push(
          ...(await checkLossless(source, target, flow, back, (path) => entryPath(group, entry, path))),
        );
    }
  }
  return findings;
}

const returning = (flow: TableFlow, others: readonly TableFlow[]) =>
  others.find((other) => other.id === flow.id);
