import { MatapaloError } from '#kernel/errors.ts';
import { uninstallGuard } from '#guard/install.ts';
import { readRoutes } from '#plan/store/groups.ts';
import type { Side } from '#plan/phase.ts';
import { readRunning } from '../journal/transitions.ts';
import type { Operator } from '../operator.ts';
import { remainsOfSync } from '../transitions/teardown.ts';
import { isDecommissioned } from './decommission.ts';

/**
 * Takes the guard out of every captured database, and with the last group the tool's schema. Refused while a service owns a
 * group, because legacy would be writable again beside it; a retired group's guard goes once the monolith is decommissioned.
 */
export async function uninstall(
  op: Operator,
  dryRun: boolean,
): Promise<{ dryRun: boolean; steps: string[] }> {
  const { groups } = await readRoutes(op.control);
  const decommissioned = await isDecommissioned(op.control);
  const blockers: string[] = [];
  for (const transition of await readRunning(op.control))
    blockers.push(`${transition.kind} of ${transition.group} is running`);
  const steps: string[] = [];
  const acts: (() => Promise<void>)[] = [];
  for (const state of groups) {
    const group = op.plan.groups.get(state.name);
    if (group === undefined) continue;
    if (state.phase === 'migrated') blockers.push(`service ${group.service.name} owns ${state.name}`);
    else if (state.phase === 'retired' && !decommissioned)
      blockers.push(`${state.name} is retired: its guard keeps the monolith from writing`);
    else if (state.phase !== 'legacy' && state.phase !== 'retired')
      blockers.push(`${state.name} is ${state.phase}: matapalo abort ${state.name}`);
    const remains = await remainsOfSync({ op, group });
    if (remains.length > 0 && (state.phase === 'legacy' || state.phase === 'retired'))
      blockers.push(
        `${state.name} still has ${remains.join(', ')}: start the cdc worker, it takes them down`,
      );
    for (const side of ['legacy', 'service'] satisfies Side[]) {
      steps.push(`Remove guard, rows and, with the last group, the schema of ${state.name} from ${side}.`);
      acts.push(() => uninstallGuard(op.databases.of(group, side), group, side));
    }
  }
  if (blockers.length > 0) {
    throw new MatapaloError('gate-failed', `Uninstalling is refused: ${blockers.join('; ')}.`, {
      hint: decommissioned
        ? 'Lead these groups to legacy or retired first.'
        : 'Roll back and abort these groups, or retire all and run `matapalo decommission`.',
      extra: { blockers },
    });
  }
  if (!dryRun) for (const act of acts) await act();
  return { dryRun, steps };
}
