import { describeError } from '#kernel/errors.ts';
import { readOwnership } from '#guard/ownership.ts';
import { groupOf, type GroupPlan } from '#plan/compile.ts';
import { isSynced, ownerIn } from '#plan/phase.ts';
import { readRoutes, type GroupState } from '#plan/store/groups.ts';
import { readProgress } from '#plan/store/progress.ts';
import { guardDrift } from '#preflight/ddl-watch.ts';
import { judgeOwnership } from '../gates/ownership.ts';
import { transactionsGate } from '../gates/transactions.ts';
import { identityChange, readIdentity, rememberedIdentity } from '../identity.ts';
import { readRunning } from '../journal/transitions.ts';
import { readLeader } from '../lead/lead.ts';
import type { Operator } from '../operator.ts';
import { remainsOfSync } from '../transitions/teardown.ts';

export interface DoctorFinding {
  level: 'error' | 'warning';
  where: string;
  message: string;
  help: string;
}

/** Looks at everything that should agree, and says where it does not. Changes nothing. */
export async function doctor(op: Operator, only?: string): Promise<DoctorFinding[]> {
  if (only !== undefined) groupOf(op.plan, only);
  const findings: DoctorFinding[] = [...(await examineProcesses(op))];
  const { groups } = await readRoutes(op.control);
  for (const state of groups) {
    if (only !== undefined && state.name !== only) continue;
    const group = op.plan.groups.get(state.name);
    if (group === undefined) {
      if (state.phase !== 'legacy' && state.phase !== 'retired')
        findings.push({
          level: 'error',
          where: state.name,
          message: `the control database has this group as ${state.phase}, the config no longer has it`,
          help: 'Put the group back into the config, and lead it to legacy or retired.',
        });
      continue;
    }
    try {
      findings.push(...(await examineGroup(op, group, state)));
    } catch (error) {
      findings.push({
        level: 'error',
        where: state.name,
        message: `a database cannot be examined: ${describeError(error)}`,
        help: 'Check that it runs, and its address in the config.',
      });
    }
  }
  return findings;
}

async function examineProcesses(op: Operator): Promise<DoctorFinding[]> {
  const findings: DoctorFinding[] = [];
  if ((await readLeader(op.control)) === undefined || op.lead.current === undefined)
    findings.push({
      level: 'warning',
      where: 'operator',
      message: 'this operator does not lead',
      help: 'matapalo status names the leader',
    });
  const { rows } = await op.control.query<{ id: string; live: boolean; same: boolean; current: boolean }>(
    `select id, lease_until > now() as live, config_hash = $1 as same,
            version = (select version from route_version) as current from proxy order by id`,
    [op.plan.hash],
  );
  for (const proxy of rows) {
    const where = `proxy ${proxy.id}`;
    if (!proxy.live)
      findings.push({
        level: 'warning',
        where,
        message: 'its lease has run out: stopped, or cut off from the control database',
        help: 'Restart it; its row goes when it stops cleanly.',
      });
    else if (!proxy.same)
      findings.push({
        level: 'error',
        where,
        message: 'runs with another configuration than this operator',
        help: 'Restart both with the same strangler.config.ts.',
      });
    else if (!proxy.current)
      findings.push({
        level: 'warning',
        where,
        message: 'has not adopted the newest route table',
        help: 'Look at its log.',
      });
  }
  for (const transition of await readRunning(op.control)) {
    const ageMs = Date.now() - transition.startedAt.getTime();
    if (ageMs > 60_000)
      findings.push({
        level: 'warning',
        where: transition.group,
        message: `${transition.kind} has been running for ${Math.round(ageMs / 1000)} s`,
        help: `matapalo history ${transition.group}`,
      });
  }
  return findings;
}

async function examineGroup(op: Operator, group: GroupPlan, state: GroupState): Promise<DoctorFinding[]> {
  const findings: DoctorFinding[] = [];
  const error = (message: string, help: string) =>
    findings.push({ level: 'error', where: group.name, message, help });
  const warning = (message: string, help: string) =>
    findings.push({ level: 'warning', where: group.name, message, help });
  if (state.stopped) error(`stopped: ${state.stopped.message} (${state.stopped.code})`, state.stopped.hint);
  if (state.holding !== undefined) {
    const held = (await readRunning(op.control)).some((transition) => transition.id === state.holding);
    if (!held) error('its writes are held by no running transition', 'Restart the operator.');
  }
  if (!isSynced(state.phase)) {
    for (const rest of await remainsOfSync({ op, group }))
      warning(
        `${rest} is left although the group is ${state.phase}`,
        'Start the cdc worker: it takes it down.',
      );
    return findings;
  }
  for (const side of ['legacy', 'service'] as const) {
    const db = op.databases.of(group, side);
    for (const gap of await guardDrift(db, group, side))
      error(
        `guard on ${side}: ${gap}`,
        `ALTER TABLE ... ENABLE ALWAYS TRIGGER, or matapalo abort ${group.name}`,
      );
    const change = identityChange(
      await rememberedIdentity(op.control, group.name, side),
      await readIdentity(db),
    );
    if (change !== undefined)
      error(`${side} is not the database of the sync any more: ${change}`, `matapalo resync ${group.name}`);
  }
  const [legacy, service] = await Promise.all([
    readOwnership(op.databases.of(group, 'legacy'), group.name),
    readOwnership(op.databases.of(group, 'service'), group.name),
  ]);
  if (state.holding === undefined) {
    const rows = judgeOwnership(
      { owner: ownerIn(state.phase), epoch: state.epoch, legacy, service },
      group.name,
    );
    if (!rows.ok)
      error(
        rows.evidence,
        'A database was restored or edited by hand: find out which, before anything else.',
      );
  }
  const progress = await readProgress(op.control, group.name);
  if (progress.length === 0) warning('no cdc worker reports it', 'Start the cdc worker.');
  for (const row of progress) {
    if (Date.now() - row.updatedAt.getTime() > 15_000)
      warning(`the worker of ${row.direction} sync has not reported for long`, 'Look at the cdc worker.');
    if (row.error)
      error(
        `${row.direction}: ${textOr(row.error['message'], 'failed')}`,
        textOr(row.error['hint'], `matapalo lag ${group.name}`),
      );
    if (row.slotState === 'lost')
      error(`the slot of ${row.direction} sync is lost`, `matapalo resync ${group.name}`);
  }
  const blockers = await transactionsGate.check({
    op,
    group,
    state,
    kind: 'switch',
    predictedPauseMs: undefined,
  });
  if (!blockers.ok) warning(blockers.evidence, blockers.help ?? '');
  return findings;
}

function textOr(value: unknown, fallback: string): string {
  return typeof value === 'string' ? value : fallback;
}
