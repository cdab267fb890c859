import { execFile, execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

const repository = join(import.meta.dirname, '../..');

interface Manifest {
  dependencies: Record<string, string>;
}

/** What `npm pack` needs; sources of the sample and of tests are left out, so that the bundle cannot lean on them. */
const packed = [
  'package.json',
  'LICENSE',
  'README.md',
  'docs',
  'bin',
  'deploy',
  'kernel',
  'control',
  'cdc',
  'strangler-proxy',
  'migrations/control',
];

export interface PackedProject {
  dir: string;
  /** Paths inside the tarball. */
  files: string[];
  /** Runs the installed `matapalo`; resolves with what it printed and its exit code. */
  matapalo(args: readonly string[], env?: Record<string, string>): Promise<Outcome>;
  /** Runs the installed Node on a script of this repository's node_modules. */
  node(args: readonly string[], env?: Record<string, string>): Promise<Outcome>;
  remove(): void;
}

export interface Outcome {
  code: number;
  out: string;
  err: string;
}

/**
 * Packs a copy of the tool's sources (the build empties dist/, which must not disturb this folder) and installs the tarball in
 * an empty project. `npm install --offline` would need every dependency's registry document in npm's cache, which `npm ci` does
 * not leave there; so the tarball is unpacked as npm does, and each dependency that it declares, and no other, is linked.
 */
export function packedProject(): PackedProject {
  const root = mkdtempSync(join(tmpdir(), 'matapalo-pack-'));
  const copy = join(root, 'copy');
  const dir = join(root, 'project');
  for (const path of packed) cpSync(join(repository, path), join(copy, path), { recursive: true });
  symlinkSync(join(repository, 'node_modules'), join(copy, 'node_modules'));
  const answer = execFileSync('npm', ['pack', '--json', '--silent', '--pack-destination', root], {
    cwd: copy,
    encoding: 'utf8',
    env: { ...process.env, PATH: `${join(repository, 'node_modules/.bin')}:${process.env['PATH'] ?? ''}` },
  });
  const [tarball] = JSON.parse(answer.slice(answer.indexOf('['))) as [
    { filename: string; files: { path: string }[] },
  ];
  const installed = join(dir, 'node_modules/matapalo');
  mkdirSync(installed, { recursive: true });
  execFileSync('tar', ['-xzf', join(root, tarball.filename), '-C', installed, '--strip-components=1']);
  const manifest = JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8')) as Manifest;
  for (const name of Object.keys(manifest.dependencies)) {
    const link = join(dir, 'node_modules', name);
    mkdirSync(dirname(link), { recursive: true });
    symlinkSync(join(repository, 'node_modules', name), link);
  }
  writeFileSync(join(dir, 'package.json'), '{ "name": "empty", "private": true, "type": "module" }\n');

  const node = (args: readonly string[], env: Record<string, string> = {}) =>
    new Promise<Outcome>((resolve) => {
      execFile(
        process.execPath,
        [...args],
        { cwd: dir, env: { ...process.env, ...env } },
        (error, out, err) => {
          const code = typeof error?.code === 'number' ? error.code : error === null ? 0 : 1;
          resolve({ code, out, err });
        },
      );
    });
  return {
    dir,
    files: tarball.files.map((file) => file.path),
    node,
    matapalo: (args, env) => node(['node_modules/matapalo/bin/matapalo.js', ...args], env),
    remove: () => rmSync(root, { recursive: true, force: true }),
  };
}
