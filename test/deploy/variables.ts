import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { repository } from './compose-file.ts';

const read = (file: string) => readFileSync(join(repository, file), 'utf8');
const names = (text: string, pattern: RegExp) => [...text.matchAll(pattern)].map((match) => match[1] ?? '');

const configNames = (): string[] => names(read('strangler.config.ts'), /\benv\('(\w+)'/g);

/**
 * Variables without which a command line cannot do its work, read off the sources. Of the configuration's, those with passwords
 * of captured databases are for operator and cdc alone.
 */
export function variablesNeeded(command: readonly string[]): string[] {
  const [program, entry = '', kind = ''] = command;
  if (program === 'matapalo') {
    const all = configNames();
    const captured = all.filter((name) => name.endsWith('_DB') && name !== 'MATAPALO_CONTROL_DB');
    return kind === 'proxy' ? all.filter((name) => !captured.includes(name)) : all;
  }
  const source = read(entry);
  const folder = entry.slice(0, entry.lastIndexOf('/'));
  const config = entry.endsWith('/main.ts') ? read(`${folder}/config.ts`) : '';
  const required = names(source + config, /(?:requireEnv|need)\(\s*'(\w+)'/g);
  // migrate.ts of the monolith reads it as it is.
  if (source.includes("process.env['DATABASE_URL']")) required.push('DATABASE_URL');
  return [...new Set(required)];
}

/** Variables that say where a process listens, and the port that it takes without them. */
export const portVariables = ['PORT', 'ADMIN_PORT', 'CDC_PORT'] as const;
