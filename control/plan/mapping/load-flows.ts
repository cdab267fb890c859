import type { Queryable } from '#kernel/db/pool.ts';
import { MatapaloError } from '#kernel/errors.ts';
import type { GroupPlan, TableRef } from '../compile.ts';
import { directions, type Direction } from '../phase.ts';
import { resolveFlow, type FlowProblem, type TableFlow } from './flow.ts';
import { loadShape, type TableShape } from './shape.ts';

export interface Flows {
  forward: readonly TableFlow[];
  reverse: readonly TableFlow[];
}

export interface EntryProblem extends FlowProblem {
  entry: number;
}

/** Resolves all of a group's entries in both directions against the two databases, in the config's order. */
export async function resolveGroup(
  group: GroupPlan,
  legacyDb: Queryable,
  serviceDb: Queryable,
): Promise<{ flows: Flows; problems: EntryProblem[] }> {
  const flows: Record<Direction, TableFlow[]> = { forward: [], reverse: [] };
  const problems: EntryProblem[] = [];
  const load = async (
    db: Queryable,
    ref: TableRef,
    field: string,
    entry: number,
  ): Promise<TableShape | undefined> => {
    const shape = await loadShape(db, ref);
    if (shape === undefined) {
      problems.push({
        entry,
        path: [field],
        message: `there is no table ${ref.name} in the ${field} database, or the tool's role may not see it`,
      });
    }
    return shape;
  };
  for (const [index, entry] of group.tables.entries()) {
    const legacy = await load(legacyDb, entry.legacy, 'legacy', index);
    const service = await load(serviceDb, entry.service, 'service', index);
    if (legacy === undefined || service === undefined) continue;
    for (const direction of directions) {
      const resolved = resolveFlow(entry, direction, legacy, service);
      problems.push(...resolved.problems.map((problem) => ({ ...problem, entry: index })));
      if (resolved.flow) flows[direction].push(resolved.flow);
    }
  }
  return { flows, problems };
}

/** As `resolveGroup`, for callers that cannot go on with a problem. */
export async function loadFlows(group: GroupPlan, legacyDb: Queryable, serviceDb: Queryable): Promise<Flows> {
  const { flows, problems } = await resolveGroup(group, legacyDb, serviceDb);
  if (problems.length > 0) {
    const lines = problems.map(
      (p) => `groups.${group.name}.tables.${p.entry}.${p.path.join('.')}: ${p.message}`,
    );
    throw new MatapaloError('config-invalid', lines.join('\n'), {
      hint: 'Run `matapalo preflight` for all findings.',
    });
  }
  return flows;
}
