import { exitCodes, MatapaloError } from '#kernel/errors.ts';
import type { Cli } from './program.ts';
import {
  showFindings,
  showHistory,
  showLag,
  showStatus,
  type FindingView,
  type HistoryView,
  type LagView,
  type StatusView,
} from './show.ts';

const query = (group: string | undefined) =>
  group === undefined ? '' : `?group=${encodeURIComponent(group)}`;

interface PlanView {
  groups: {
    name: string;
    service: string;
    routes: { method: string; path: string; writes: boolean }[];
    tables: { id: string }[];
  }[];
}

/** Commands that change nothing. */
export function addReading(cli: Cli): void {
  const { program } = cli;
  program
    .command('status')
    .description('where every group stands, and the next command')
    .argument('[group]')
    .action(async (group?: string) => {
      const view = await cli.client().get<StatusView>('/api/status');
      if (group !== undefined) {
        view.groups = view.groups.filter((one) => one.name === group);
        if (view.groups.length === 0) throw new MatapaloError('not-found', `There is no group "${group}".`);
      }
      cli.show(view, () => showStatus(view));
    });
  program
    .command('plan')
    .description('what the configuration says')
    .argument('[group]')
    .action(async (group?: string) => {
      const view = await cli.client().get<PlanView>('/api/plan');
      if (group !== undefined) view.groups = view.groups.filter((one) => one.name === group);
      if (view.groups.length === 0)
        throw new MatapaloError('not-found', `There is no group "${group ?? ''}".`);
      cli.show(view, () =>
        view.groups.flatMap((one) => [
          `${one.name} -> ${one.service}`,
          ...one.routes.map((route) => `  ${route.method} ${route.path}${route.writes ? '  (writes)' : ''}`),
          ...one.tables.map((table) => `  ${table.id.replace('>', ' <-> ')}`),
        ]),
      );
    });
  program
    .command('lag')
    .description('how far each direction is behind')
    .argument('[group]')
    .action(async (group?: string) => {
      const view = await cli.client().get<LagView>(`/api/lag${query(group)}`);
      cli.show(view, () => showLag(view));
    });
  program
    .command('history')
    .description('transitions, newest first; with --id every step of one')
    .argument('[group]')
    .option('--id <id>', 'one transition')
    .option('--limit <n>', 'at most so many', '20')
    .action(async (group: string | undefined, options: { id?: string; limit: string }) => {
      if (options.id !== undefined) {
        const one = await cli
          .client()
          .get<{ journal: { at: string; step: string; detail: unknown }[] }>(
            `/api/transitions/${options.id}`,
          );
        cli.show(one, () =>
          one.journal.map((entry) => `${entry.at}  ${entry.step}  ${JSON.stringify(entry.detail)}`),
        );
        return;
      }
      const limit = encodeURIComponent(options.limit);
      const view = await cli
        .client()
        .get<HistoryView>(`/api/history?limit=${limit}${query(group).replace('?', '&')}`);
      cli.show(view, () => showHistory(view));
    });
  program
    .command('doctor')
    .description('what is not as it should be, and what helps')
    .argument('[group]')
    .action(async (group?: string) => {
      const view = await cli.client().get<{ findings: FindingView[] }>(`/api/doctor${query(group)}`);
      cli.show(view, () => showFindings(view.findings, 'All is well.'));
      if (view.findings.some((finding) => finding.level === 'error')) cli.exit(exitCodes.gate);
    });
  program
    .command('preflight')
    .description(
      'whether the databases meet what the tool needs; each finding with the statement that mends it',
    )
    .argument('[group]')
    .option('--local', 'straight from the configuration, without an operator')
    .option('--config <file>', 'the configuration, with --local')
    .action(async (group: string | undefined, options: { local?: boolean; config?: string }) => {
      const local = options.local === true || options.config !== undefined;
      const findings = local
        ? await localPreflight(group, options.config)
        : await remotePreflight(cli, group);
      cli.show({ findings }, () => showFindings(findings, 'All that the tool needs is there.'));
      if (findings.some((finding) => finding.level === 'refuse')) cli.exit(exitCodes.gate);
    });
}

/** An operator may not run yet when preflight is needed most: then the databases are asked from here. */
async function remotePreflight(cli: Cli, group: string | undefined): Promise<FindingView[]> {
  try {
    return (await cli.client().get<{ findings: FindingView[] }>(`/api/preflight${query(group)}`)).findings;
  } catch (error) {
    if (!(error instanceof MatapaloError) || error.code !== 'unreachable') throw error;
    return localPreflight(group, undefined);
  }
}

async function localPreflight(group: string | undefined, config: string | undefined): Promise<FindingView[]> {
  const [{ loadPlan }, { Databases }, { preflightAll }, { createLog }] = await Promise.all([
    import('#plan/load-config.ts'),
    import('../databases.ts'),
    import('../maintenance/preflight.ts'),
    import('#kernel/log.ts'),
  ]);
  const databases = new Databases(createLog('preflight', 'silent'));
  try {
    return await preflightAll(await loadPlan(config), databases, group);
  } finally {
    await databases.close();
  }
}
