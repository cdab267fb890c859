import { Command, CommanderError } from 'commander';
import { exitCodes, MatapaloError } from '#kernel/errors.ts';
import { ApiProblem, Client, exitCodeOf } from './client.ts';
import { addMaintenance } from './maintenance.ts';
import { addReading } from './reading.ts';
import { addRun, type Processes } from './run.ts';
import { gateLines, terminal, type GateView, type Output } from './print.ts';
import { addTransitions } from './transitions.ts';

/** What each command has at hand. `finish` prints and decides the exit code. */
export interface Cli {
  program: Command;
  client: () => Client;
  output: Output;
  json: () => boolean;
  /** Prints the value as JSON, or the lines for people. */
  show(value: unknown, lines: () => string[]): void;
  exit(code: number): void;
}

/**
 * Runs one command line and returns its exit code: 0 ok, 1 unexpected, 2 usage, 3 a gate is not met, 4 undone,
 * 5 unreachable.
 */
export async function runCli(
  args: readonly string[],
  output: Output = terminal,
  processes: Processes = {},
): Promise<number> {
  let code: number = exitCodes.ok;
  const program = new Command('matapalo')
    .description('Moves route groups from a monolith to services, fenced, and back.')
    .option('--json', 'print JSON')
    .option('--url <url>', 'where the operator answers (default: MATAPALO_URL, or http://127.0.0.1:7070)')
    .configureOutput({
      writeOut: (text) => output.line(text.trimEnd()),
      writeErr: (text) => output.error(text.trimEnd()),
    })
    .addHelpText(
      'after',
      `
Environment:
  MATAPALO_URL         where the operator answers
  MATAPALO_TOKEN       the token; else the file MATAPALO_TOKEN_FILE, else .matapalo/token
  MATAPALO_CONFIG      the configuration, for run, and for preflight without an operator (default strangler.config.ts)

Exit codes:
  0 ok   1 unexpected   2 usage   3 a gate is not met   4 the transition was undone   5 unreachable`,
    )
    .exitOverride();
  const json = () => program.opts<{ json?: boolean }>().json === true || args.includes('--json');
  const cli: Cli = {
    program,
    client: () => new Client(program.opts<{ url?: string }>().url),
    output,
    json,
    show: (value, lines) =>
      json() ? output.line(JSON.stringify(value, null, 2)) : lines().forEach((line) => output.line(line)),
    exit: (value) => {
      code = value;
    },
  };
  addReading(cli);
  addTransitions(cli);
  addMaintenance(cli);
  addRun(cli, processes);
  for (const command of program.commands) {
    command.option('--json', 'print JSON').exitOverride();
    for (const sub of command.commands) sub.option('--json', 'print JSON').exitOverride();
  }
  try {
    await program.parseAsync([...args], { from: 'user' });
    return code;
  } catch (error) {
    return report(error, cli);
  }
}

function report(error: unknown, cli: Cli): number {
  // Commander has printed what it has to say.
  if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.ok : exitCodes.usage;
  const { output } = cli;
  if (error instanceof ApiProblem) {
    const { problem } = error;
    if (cli.json()) output.line(JSON.stringify({ error: problem }, null, 2));
    else {
      output.error(
        `${typeof problem['title'] === 'string' ? problem['title'] : 'Refused'}: ${error.message}`,
      );
      if (Array.isArray(problem['gates']))
        gateLines(problem['gates'] as GateView[]).forEach((line) => output.error(line));
      if (typeof problem['hint'] === 'string') output.error(`-> ${problem['hint']}`);
    }
  } else if (cli.json()) {
    const known = error instanceof MatapaloError ? error : undefined;
    output.line(
      JSON.stringify(
        { error: { code: known?.code ?? 'internal', detail: messageOf(error), hint: known?.hint } },
        null,
        2,
      ),
    );
  } else {
    output.error(messageOf(error));
    if (error instanceof MatapaloError && error.hint !== undefined) output.error(`-> ${error.hint}`);
  }
  return exitCodeOf(error);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
