import { execFileSync } from 'node:child_process';
import { chmodSync, cpSync, globSync, mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { ignoredBy, parseDockerfile, type Stage } from './dockerfile.ts';

const repository = join(import.meta.dirname, '../..');

/** A target of the Dockerfile, laid out in a folder: `root` stands for `/`. */
export interface Image {
  root: string;
  workDir: string;
  env: Record<string, string>;
  user: string;
  /** Where a path of the image lies on this machine. */
  path(inside: string): string;
}

/** Carries out the Dockerfile's steps outside a container, each stage in a folder of its own, on the context that is sent. */
export class ImageBuild {
  readonly folder = mkdtempSync(join(tmpdir(), 'matapalo-image-'));
  readonly context = join(this.folder, 'context');
  readonly #stages: readonly Stage[];
  readonly #built = new Map<string, Image>();

  constructor() {
    // Processes of the image may run under another account.
    chmodSync(this.folder, 0o755);
    this.#stages = parseDockerfile(join(repository, 'Dockerfile'));
    const ignored = ignoredBy(join(repository, '.dockerignore'));
    const sources = globSync('{*,.*,*/**}', {
      cwd: repository,
      exclude: (path) => /^(node_modules|\.git|\.matapalo|dist|coverage)(\/|$)/.test(path),
    });
    for (const path of sources) {
      if (ignored(path) || !statSync(join(repository, path)).isFile()) continue;
      cpSync(join(repository, path), join(this.context, path));
    }
  }

  target(name: string): Image {
    const known = this.#built.get(name);
    if (known !== undefined) return known;
    const stage = this.#stages.find((candidate) => candidate.name === name);
    if (stage === undefined) throw new Error(`The Dockerfile has no stage ${name}.`);
    const root = join(this.folder, name);
    const parent = this.#stages.some(({ name: other }) => other === stage.base)
      ? this.target(stage.base)
      : undefined;
    // Of the base image only these folders matter here.
    for (const path of ['usr/local/bin', 'var/lib', 'tmp']) mkdirSync(join(root, path), { recursive: true });
    if (parent !== undefined) execFileSync('cp', ['-al', `${parent.root}/.`, root]);
    const image: Image = {
      root,
      workDir: parent?.workDir ?? '/',
      env: { ...parent?.env },
      user: parent?.user ?? 'root',
      path: (inside) => join(root, inside),
    };
    for (const { word, rest } of stage.steps) this.#carryOut(image, word, rest);
    this.#built.set(name, image);
    return image;
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }

  #carryOut(image: Image, word: string, rest: string): void {
    if (word === 'WORKDIR') {
      image.workDir = rest;
      mkdirSync(image.path(rest), { recursive: true });
    } else if (word === 'ENV') {
      for (const pair of rest.split(' ')) image.env[pair.split('=')[0] ?? ''] = pair.split('=')[1] ?? '';
    } else if (word === 'USER') {
      image.user = rest;
    } else if (word === 'COPY') {
      this.#copy(image, rest);
    } else if (word === 'RUN') {
      // Absolute paths mean the image's.
      const command = rest.replaceAll(/(^| )\/(?=[a-z])/g, `$1${image.root}/`);
      run('sh', ['-ec', command], image.path(image.workDir), image.env);
    } else if (word !== 'CMD')
      throw new Error(`${word} is not understood here: teach it to test/deploy/image.ts.`);
  }

  #copy(image: Image, rest: string): void {
    const words = rest.split(' ');
    const from = /^--from=(.+)$/.exec(words[0] ?? '')?.[1];
    const paths = from === undefined ? words : words.slice(1);
    const source = from === undefined ? this.context : this.target(from).root;
    const to = paths.at(-1) ?? '';
    const target = to.startsWith('/') ? image.path(to) : join(image.path(image.workDir), to);
    for (const path of paths.slice(0, -1)) {
      const named = join(source, path);
      const isFolder = statSync(named).isDirectory();
      const landing =
        isFolder || !(to.endsWith('/') || paths.length > 2) ? target : join(target, basename(path));
      mkdirSync(dirname(landing), { recursive: true });
      execFileSync(
        'cp',
        ['-a', isFolder ? `${named}/.` : named, landing + (isFolder ? '/' : '')].filter(Boolean),
      );
    }
  }
}

function run(command: string, args: readonly string[], cwd: string, env: Record<string, string>): void {
  execFileSync(command, args, {
    cwd,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      ...process.env,
      ...env,
      PATH: `${dirname(process.execPath)}:${process.env['PATH'] ?? ''}`,
      // The tarballs of `npm ci` here are in npm's cache.
      npm_config_prefer_offline: 'true',
      npm_config_audit: 'false',
      npm_config_fund: 'false',
    },
  });
}
