import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';

export const repository = join(import.meta.dirname, '../..');

export interface ComposeService {
  image: string;
  build?: { context: string; target: string };
  command?: string[];
  environment?: Record<string, string | number>;
  healthcheck?: { test: string[] };
  depends_on?: Record<string, { condition: string }>;
  networks?: string[];
  ports?: string[];
  profiles?: string[];
  volumes?: string[];
  secrets?: string[];
  read_only?: boolean;
  cap_drop?: string[];
  restart?: string;
  deploy?: { resources?: { limits?: { cpus?: string; memory?: string } } };
}

export interface ComposeFile {
  services: Record<string, ComposeService>;
  networks: Record<string, { internal?: boolean } | null>;
  volumes: Record<string, unknown>;
  secrets: Record<string, { file: string }>;
}

/** `${NAME}`, `${NAME:-default}` and `${NAME:?message}`, as in the file; `$$` stands for a dollar. */
const variable = /(?<!\$)\$\{(\w+)(?::([-?])([^}]*))?\}/g;

export const composeText = (): string => readFileSync(join(repository, 'docker-compose.yml'), 'utf8');

/** The variables of the file: those that must be given, and those with a default. */
export function composeVariables(): { required: string[]; optional: Map<string, string> } {
  const found = [...composeText().matchAll(variable)];
  return {
    required: [...new Set(found.filter((match) => match[2] !== '-').map((match) => match[1] ?? ''))],
    optional: new Map(
      found.filter((match) => match[2] === '-').map((match) => [match[1] ?? '', match[3] ?? '']),
    ),
  };
}

/** The compose file with its variables and merges resolved. */
export function readCompose(env: Readonly<Record<string, string>>): ComposeFile {
  const text = composeText().replaceAll(variable, (_, name: string, kind?: string, rest?: string) => {
    const value = env[name];
    if (value !== undefined && value !== '') return value;
    if (kind === '-') return rest ?? '';
    throw new Error(`${name} is not given: ${rest ?? ''}`);
  });
  return parse(text.replaceAll('$$', '$'), { merge: true }) as ComposeFile;
}

/** Services that run our image. */
export function oursOf(file: ComposeFile): [string, ComposeService][] {
  return Object.entries(file.services).filter(([, service]) => service.build !== undefined);
}

/** Lines of an env file. */
export function readEnvFile(file: string): Record<string, string> {
  return Object.fromEntries(
    readFileSync(file, 'utf8')
      .split('\n')
      .filter((line) => line.includes('='))
      .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
  );
}
