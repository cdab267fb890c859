import { exitCodes } from '#kernel/errors.ts';
import { transitionKinds, type TransitionKind } from '#plan/phase.ts';
import { followTransition, tellEnd } from './follow.ts';
import { nextLines } from './print.ts';
import { positivePercent } from './percent.ts';
import type { Cli } from './program.ts';
import { showOutlook, type OutlookView, type StatusView } from './show.ts';

const descriptions: Record<TransitionKind, string> = {
  sync: 'put the guard on both sides and begin to copy',
  shadow: 'copy reads to the service and compare the answers',
  canary: 'let a percentage of the clients read from the service',
  switch: 'make the service the owner',
  rollback: 'make the monolith the owner again',
  retire: 'end reverse sync; the monolith keeps its tables closed',
  abort: 'take sync down and go back to legacy',
};

interface Options {
  dryRun?: boolean;
  wait?: boolean;
}

export function addTransitions(cli: Cli): void {
  for (const kind of transitionKinds) {
    const command = cli.program.command(kind).description(descriptions[kind]).argument('<group>');
    if (kind === 'canary') command.argument('<percent>', 'share of the clients, 1 to 100', positivePercent);
    command
      .option('--dry-run', 'say what it would do, with every gate, and change nothing')
      .option('--no-wait', 'do not wait for its end')
      .action((group: string, ...rest: unknown[]) => {
        const percent = kind === 'canary' ? (rest[0] as number) : undefined;
        const options = (kind === 'canary' ? rest[1] : rest[0]) as Options;
        return transit(cli, kind, group, percent, options);
      });
  }
}

async function transit(
  cli: Cli,
  kind: TransitionKind,
  group: string,
  percent: number | undefined,
  options: Options,
): Promise<void> {
  const client = cli.client();
  const path = `/api/groups/${encodeURIComponent(group)}/${kind}`;
  const body = percent === undefined ? undefined : { percent };
  if (options.dryRun === true) {
    const outlook = await client.post<OutlookView>(`${path}?dryRun=true`, body);
    cli.show(outlook, () => showOutlook(outlook));
    cli.exit(outlook.allowed ? exitCodes.ok : exitCodes.gate);
    return;
  }
  const begun = await client.post<{ id: string }>(path, body);
  if (options.wait === false) {
    cli.show(begun, () => [`${kind} of ${group} has begun: ${begun.id}`]);
    return;
  }
  const ended = await followTransition(client, begun.id, (line) => {
    if (!cli.json()) cli.output.line(line);
  });
  const status = await client.get<StatusView>('/api/status');
  const next = status.groups.find((one) => one.name === group)?.next ?? [];
  if (cli.json()) cli.output.line(JSON.stringify({ ...ended, next }, null, 2));
  else {
    tellEnd(ended, cli.output);
    nextLines(next).forEach((line) => cli.output.line(line));
  }
  cli.exit(
    ended.state === 'done'
      ? exitCodes.ok
      : ended.state === 'undone'
        ? exitCodes.undone
        : exitCodes.unexpected,
  );
}
