#!/usr/bin/env node
import { terminal } from '../control/operator/cli/print.ts';
import { runCli } from '../control/operator/cli/program.ts';

// `matapalo history | head` ends the pipe early; that is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(process.exitCode ?? 0);
  throw error;
});

// Named here, because the CLI itself knows neither proxy nor cdc. Each module runs its process when it is imported; the
// bundle turns these into its own files.
const processes = {
  operator: () => import('../control/operator/main.ts'),
  cdc: () => import('../cdc/main.ts'),
  proxy: () => import('../strangler-proxy/main.ts'),
};

process.exitCode = await runCli(process.argv.slice(2), terminal, processes);
