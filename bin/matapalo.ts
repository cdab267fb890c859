#!/usr/bin/env node
import { runCli } from '../control/operator/cli/program.ts';

// `matapalo history | head` ends the pipe early; that is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(process.exitCode ?? 0);
  throw error;
});

process.exitCode = await runCli(process.argv.slice(2));
