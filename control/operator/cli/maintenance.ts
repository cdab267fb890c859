import { Option } from 'commander';
import { exitCodes } from '#kernel/errors.ts';
import { followJob } from './follow.ts';
import type { Cli } from './program.ts';

const jobs = {
  verify: 'compare both sides through the mapping',
  repair: 'mend what verification found, plan first',
  skip: 'skip exactly the change that stopped the group',
  resync: 'make a lost slot anew, then verify and repair',
} as const;

interface JobOptions {
  direction?: string;
  dryRun?: boolean;
  wait?: boolean;
}

export function addMaintenance(cli: Cli): void {
  const { program } = cli;
  for (const [kind, description] of Object.entries(jobs)) {
    program
      .command(kind)
      .description(description)
      .argument('<group>')
      .addOption(
        new Option(
          '--direction <direction>',
          'default: towards the side that does not own the group',
        ).choices(['forward', 'reverse']),
      )
      .option('--dry-run', 'say what it would do, and change nothing')
      .option('--no-wait', 'do not wait for its end')
      .action((group: string, options: JobOptions) => work(cli, kind, group, options));
  }
  program
    .command('resume')
    .description('clear a stop after its cause has been mended')
    .argument('<group>')
    .option('--dry-run', 'say what it would do, and change nothing')
    .action(async (group: string, options: { dryRun?: boolean }) => {
      const path = `/api/groups/${encodeURIComponent(group)}/resume${dry(options)}`;
      const done = await cli.client().post<{ cleared: { message: string } }>(path);
      cli.show(done, () => [`${options.dryRun ? 'Would clear' : 'Cleared'}: ${done.cleared.message}`]);
    });
  program
    .command('uninstall')
    .description('leave each database as it was found')
    .option('--dry-run', 'say what it would do, and change nothing')
    .action(async (options: { dryRun?: boolean }) => {
      const done = await cli.client().post<{ steps: string[] }>(`/api/uninstall${dry(options)}`);
      cli.show(done, () => done.steps.map((step, i) => `${i + 1}. ${step}${options.dryRun ? '' : ' Done.'}`));
    });
  program
    .command('decommission')
    .description('prove that nothing needs the monolith any more')
    .option('--dry-run', 'show the proofs, and change nothing')
    .action(async (options: { dryRun?: boolean }) => {
      const done = await cli
        .client()
        .post<{ proofs: { name: string; ok: boolean; evidence: string }[]; next: string[] }>(
          `/api/decommission${dry(options)}`,
        );
      const whole = done.proofs.every((proof) => proof.ok);
      cli.show(done, () => [
        ...done.proofs.map((proof) => `  ${proof.ok ? 'ok  ' : 'FAIL'} ${proof.name}: ${proof.evidence}`),
        ...(whole ? ['', 'Next:', ...done.next.map((step) => `  ${step}`)] : []),
      ]);
      if (!whole) cli.exit(exitCodes.gate);
    });
  const token = program.command('token').description('make or revoke tokens of the API');
  token
    .command('create')
    .argument('<name>')
    .addOption(new Option('--role <role>').choices(['viewer', 'operator']).default('viewer'))
    .action(async (name: string, options: { role: string }) => {
      const made = await cli.client().post<{ token: string }>('/api/tokens', { name, role: options.role });
      cli.show(made, () => [made.token]);
    });
  token
    .command('revoke')
    .argument('<name>')
    .action(async (name: string) => {
      const done = await cli.client().delete(`/api/tokens/${encodeURIComponent(name)}`);
      cli.show(done, () => [`Revoked ${name}.`]);
    });
}

const dry = (options: { dryRun?: boolean }) => (options.dryRun === true ? '?dryRun=true' : '');

async function work(cli: Cli, kind: string, group: string, options: JobOptions): Promise<void> {
  const client = cli.client();
  const path = `/api/groups/${encodeURIComponent(group)}/${kind}${dry(options)}`;
  const body = options.direction === undefined ? {} : { direction: options.direction };
  const begun = await client.post<{ id?: string; direction?: string }>(path, body);
  if (begun.id === undefined) {
    cli.show(begun, () => [`Would ask the cdc worker to ${kind} ${group}, ${begun.direction ?? ''}.`]);
    return;
  }
  if (options.wait === false) {
    cli.show(begun, () => [`${kind} of ${group} is asked for: ${begun.id ?? ''}`]);
    return;
  }
  const job = await followJob(client, begun.id, (line) => {
    if (!cli.json()) cli.output.line(line);
  });
  cli.show(job, () => [`${kind} of ${group} is ${job.state}: ${JSON.stringify(job.result ?? null)}`]);
  if (job.state === 'failed') cli.exit(exitCodes.unexpected);
  else if (kind === 'verify' && differs(job.result)) cli.exit(exitCodes.gate);
}

/** A verification that found something is no failure of the job, but no reason to go on either. */
function differs(result: unknown): boolean {
  if (typeof result !== 'object' || result === null) return false;
  const found = result as Record<string, unknown>;
  const count = ['missing', 'extra', 'different', 'differences'].some((name) => Number(found[name] ?? 0) > 0);
  return count || (typeof found['state'] === 'string' && found['state'] !== 'clean');
}
