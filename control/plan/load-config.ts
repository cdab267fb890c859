import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describeError, MatapaloError } from '#kernel/errors.ts';
import { checkConfig } from './check-config.ts';
import { compilePlan, type Plan } from './compile.ts';
import { lineOf } from './config-line.ts';

/** Default name of the file, in the working directory; `MATAPALO_CONFIG` or `--config` name another. */
export const defaultConfigFile = 'strangler.config.ts';

/**
 * Imports the config file, checks it, compiles it.
 * Throws `config-invalid` with every problem found, each with the file's line.
 */
export async function loadPlan(
  file: string = process.env['MATAPALO_CONFIG'] ?? defaultConfigFile,
): Promise<Plan> {
  const path = resolve(file);
  if (!existsSync(path)) {
    throw new MatapaloError('config-invalid', `There is no config file ${file}.`, {
      hint: 'Run in the folder that has strangler.config.ts, or name it with --config.',
    });
  }
  let exported: unknown;
  try {
    const module = (await import(pathToFileURL(path).href)) as { default?: unknown };
    exported = module.default;
  } catch (cause) {
    throw new MatapaloError('config-invalid', `${file} cannot be loaded: ${describeError(cause)}`, { cause });
  }
  const { config, problems } = checkConfig(exported);
  if (config === undefined || problems.length > 0) {
    const source = readFileSync(path, 'utf8');
    const lines = problems.map(({ path: field, message }) => {
      const line = lineOf(source, field);
      return `${file}${line === undefined ? '' : `:${line}`} ${field.join('.')}: ${message}`;
    });
    throw new MatapaloError('config-invalid', lines.join('\n'), { extra: { problems } });
  }
  return compilePlan(config);
}
