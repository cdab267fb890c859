import { Argument } from 'commander';
import type { Cli } from './program.ts';

/** The tool's processes by name. Calling one starts it in this process, which from then on is that process. */
export type Processes = Readonly<Record<string, () => Promise<unknown>>>;

/** `matapalo run <process>`: what a service manager starts, from a checkout or from the package. */
export function addRun(cli: Cli, processes: Processes): void {
  const names = Object.keys(processes);
  if (names.length === 0) return;
  cli.program
    .command('run')
    .description(`run a process until SIGTERM: ${names.join(', ')}`)
    .addArgument(new Argument('<process>').choices(names))
    .option('--config <file>', 'the configuration (default: MATAPALO_CONFIG, or strangler.config.ts)')
    .addHelpText(
      'after',
      `
Environment:
  HOST, PORT           where proxy (7000) or operator (7070) listens; HOST is 127.0.0.1 unless given
  ADMIN_HOST, ADMIN_PORT  health and metrics of the proxy (7001)
  CDC_PORT             health and metrics of cdc (7072)
  LOG_LEVEL            default info`,
    )
    .action(async (name: string, options: { config?: string }) => {
      if (options.config !== undefined) process.env['MATAPALO_CONFIG'] = options.config;
      await processes[name]?.();
    });
}
