import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { usage as demoUsage } from '#stack/demo/options.ts';
import { usage as startUsage } from '#stack/start/options.ts';
import { runCli } from '../../control/operator/cli/program.ts';

const root = join(import.meta.dirname, '../..');
const pages = ['README.md', 'CONTRIBUTING.md', ...globSync('docs/**/*.md', { cwd: root })];
const text = (page: string) => readFileSync(join(root, page), 'utf8');
const manifest = JSON.parse(text('package.json')) as { scripts: Record<string, string> };

/** Lines of shell blocks and inline code: what a reader would type. Comments at a line's end are left out. */
function commands(page: string): string[] {
  const source = text(page);
  const blocks = [...source.matchAll(/^```(?:sh|bash|console)?\n([\s\S]*?)^```/gm)].flatMap((match) =>
    (match[1] ?? '').split('\n'),
  );
  const inline = [...source.replace(/^```[\s\S]*?^```/gm, '').matchAll(/`([^`]+)`/g)].map((m) => m[1] ?? '');
  return [...blocks, ...inline]
    .map((line) =>
      line
        .replace(/\s#.*$/, '')
        .replace(/\s+/g, ' ')
        .trim(),
    )
    .flatMap((line) => line.split(' && '))
    .filter((line) => line !== '');
}

const processes = { operator: never, cdc: never, proxy: never };
async function never(): Promise<void> {}

/** Help as a person sees it; the exit code says whether the command exists. */
async function help(...command: string[]): Promise<string | undefined> {
  const lines: string[] = [];
  const output = { line: (line = '') => lines.push(line), error: () => undefined };
  const code = await runCli([...command, '--help'], output, processes);
  return code === 0 ? lines.join('\n') : undefined;
}

async function verbs(): Promise<string[]> {
  const list = (await help())?.split('Commands:')[1] ?? '';
  return [...list.matchAll(/^ {2}([a-z]+)/gm)]
    .map((match) => match[1] ?? '')
    .filter((verb) => verb !== 'help');
}

/** Invocations of the CLI: `npx matapalo ...`, and `VERB G ...` as docs/operations.md abbreviates them. */
function invocations(page: string, known: readonly string[]): string[] {
  return commands(page).flatMap((line) => {
    const called = /^(?:npx |node \S*\/)?matapalo(?:\.js)? (.+)$/.exec(line)?.[1];
    if (called !== undefined) return [called];
    return known.some((verb) => new RegExp(`^${verb}(?: G| <group>| --|$)`).test(line)) &&
      page.endsWith('operations.md')
      ? [line]
      : [];
  });
}

describe.each(pages)('%s', (page) => {
  it('names npm scripts that exist', () => {
    for (const line of commands(page)) {
      const script = /^npm run (?:-s )?([\w:-]+)/.exec(line)?.[1];
      if (script !== undefined) expect(manifest.scripts, line).toHaveProperty([script]);
      const short = /^npm (start|test)\b/.exec(line)?.[1];
      if (short !== undefined) expect(manifest.scripts, line).toHaveProperty([short]);
    }
  });

  it('names verbs, flags and processes that the CLI has', async () => {
    const known = await verbs();
    for (const line of invocations(page, known)) {
      const [verb = '', ...rest] = line.split(' ');
      if (verb.startsWith('-')) continue;
      expect(known, line).toContain(verb);
      const page = (await help(verb)) ?? '';
      for (const flag of rest.filter((word) => word.startsWith('--')))
        expect(page, line).toContain(`${flag}`);
      if (verb === 'run') expect(Object.keys(processes), line).toContain(rest[0]);
    }
  });

  it('links to files that exist', () => {
    for (const [, target = ''] of text(page).matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^[a-z]+:/.test(target) || target.startsWith('#')) continue;
      const file = join(root, dirname(page), target.split('#')[0] ?? '');
      expect(existsSync(file), `${page} -> ${target}`).toBe(true);
    }
  });

  it('is finished', () => {
    expect(text(page)).not.toMatch(/\b(TODO|FIXME|TBD|XXX)\b/);
  });
});

describe('the table of commands in README.md', () => {
  it.each([
    ['npm start', startUsage],
    ['npm run demo', demoUsage],
  ])('names flags that %s has', (command, usage) => {
    const row = text('README.md')
      .split('\n')
      .find((line) => line.includes(`| \`${command}\``));
    const flags = [...(row ?? '').matchAll(/ (--[a-z-]+)/g)].map((match) => match[1]);
    expect(flags.length).toBeGreaterThan(0);
    for (const flag of flags) expect(usage).toContain(flag);
  });
});

describe('the pages together', () => {
  it('name every verb of the CLI', async () => {
    const known = await verbs();
    expect(known.length).toBeGreaterThan(15);
    const all = pages.flatMap((page) => invocations(page, known)).map((line) => line.split(' ')[0]);
    expect(known.filter((verb) => !all.includes(verb))).toEqual([]);
  });

  it('hold commands at all: the tests above read something', () => {
    expect(commands('README.md')).toContain('npx matapalo status');
    expect(invocations('docs/operations.md', ['sync'])).toContain('sync G');
  });
});
