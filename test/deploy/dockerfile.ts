import { readFileSync } from 'node:fs';
import { matchesGlob } from 'node:path';

/** One instruction of a stage: its keyword in capitals, and the rest of the line with continuations joined. */
export interface Instruction {
  word: string;
  rest: string;
}

export interface Stage {
  name: string;
  base: string;
  steps: readonly Instruction[];
}

export function parseDockerfile(file: string): Stage[] {
  const stages: Stage[] = [];
  for (const line of readFileSync(file, 'utf8').replaceAll(/\\\n/g, ' ').split('\n')) {
    const [, word = '', rest = ''] = /^([A-Z]+)\s+(.*)$/.exec(line.trim()) ?? [];
    if (word === 'FROM') {
      const [, base = '', name = ''] = /^(\S+)(?: AS (\S+))?$/.exec(rest) ?? [];
      stages.push({ name, base, steps: [] });
    } else if (word !== '' && word !== 'ARG') {
      (stages.at(-1)?.steps as Instruction[] | undefined)?.push({ word, rest });
    }
  }
  return stages;
}

/**
 * Tells what a build context leaves out, from the lines of a .dockerignore: the last line that matches decides, and a line that
 * names a folder covers what is in it.
 */
export function ignoredBy(file: string): (path: string) => boolean {
  const rules = readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => ({ keep: line.startsWith('!'), glob: line.replace(/^!/, '') }));
  return (path) => {
    const parts = path.split('/');
    const covers = (glob: string) =>
      parts.some((_, index) => matchesGlob(parts.slice(0, index + 1).join('/'), glob));
    return rules.findLast(({ glob }) => covers(glob))?.keep === false;
  };
}
