import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { freePort } from '#stack/clusters.ts';
import { tailOf } from '#stack/processes.ts';
import type { Image } from './image.ts';
import { portVariables } from './variables.ts';

/** A command line of a manifest, with the variables that it gives. */
export interface CommandLine {
  name: string;
  command: readonly string[];
  env: Readonly<Record<string, string>>;
}

/** Puts hosts and ports of manifests on this machine: another `host:port` for each that a process listens on, one cluster for databases. */
export class Places {
  readonly #ports = new Map<string, number>();
  readonly #cluster: { port: number };

  constructor(cluster: { port: number }) {
    this.#cluster = cluster;
  }

  /** Says that the processes of `hosts` listen on these ports. Several replicas are one process here. */
  async listen(line: CommandLine, hosts: readonly string[]): Promise<Record<string, string>> {
    const own: Record<string, string> = {};
    for (const key of portVariables) {
      const port = line.env[key];
      if (port === undefined) continue;
      const free = await freePort();
      own[key] = String(free);
      for (const host of [...hosts, line.name]) this.#ports.set(`${host}:${port}`, free);
    }
    return own;
  }

  /** Variables or arguments, with every place that is known here exchanged. */
  translate(text: string, self = ''): string {
    return text
      .replaceAll(/@[\w.-]+:5432\//g, `@127.0.0.1:${this.#cluster.port}/`)
      .replaceAll(/\/\/([\w.-]+):(\d+)/g, (all, host: string, port: string) => {
        const known = this.#ports.get(`${host === '127.0.0.1' ? self : host}:${port}`);
        return known === undefined ? all : `//127.0.0.1:${known}`;
      });
  }
}

/** Runs command lines in an image that was laid out in a folder, as a container would: its PATH, its working directory. */
export class Host {
  readonly #image: Image;
  readonly #places: Places;
  readonly #mounts: Readonly<Record<string, string>>;
  readonly #running: { name: string; child: ChildProcess; log: string }[] = [];

  constructor(image: Image, places: Places, mounts: Readonly<Record<string, string>> = {}) {
    this.#image = image;
    this.#places = places;
    this.#mounts = mounts;
  }

  /** Ends with the command's exit code. */
  async once(line: CommandLine): Promise<number> {
    const { child } = this.#start(line, {});
    const code = await new Promise<number>((resolve) => child.once('exit', (exit) => resolve(exit ?? 1)));
    this.#running.splice(
      this.#running.findIndex((one) => one.child === child),
      1,
    );
    if (code !== 0) throw new Error(`${line.name} ended with ${code}.\n${tailOf(this.#log(line.name))}`);
    return code;
  }

  start(line: CommandLine, ports: Readonly<Record<string, string>>): void {
    this.#running.push({ name: line.name, ...this.#start(line, ports) });
  }

  /** Runs a probe as written until it succeeds. */
  async probe(name: string, command: readonly string[], deadlineMs = 90_000): Promise<void> {
    const deadline = Date.now() + deadlineMs;
    const [program = '', ...args] = command.map((word) => this.#places.translate(word, name));
    for (;;) {
      const ok = await new Promise<boolean>((resolve) =>
        execFile(program, args, { env: this.#env({}) }, (error) => resolve(error === null)),
      );
      if (ok) return;
      const child = this.#running.find((one) => one.name === name)?.child;
      if (child?.exitCode != null || Date.now() > deadline)
        throw new Error(`${name} does not answer ${args.join(' ')}.\n${tailOf(this.#log(name), 40)}`);
      await delay(100);
    }
  }

  /** SIGTERM to all; the exit codes by name. */
  async stop(): Promise<Record<string, number | null>> {
    const ended = this.#running.splice(0).map(async ({ name, child }) => {
      if (child.exitCode === null && child.signalCode === null) {
        const exit = new Promise((resolve) => child.once('exit', resolve));
        child.kill('SIGTERM');
        const timer = setTimeout(() => child.kill('SIGKILL'), 40_000);
        await exit;
        clearTimeout(timer);
      }
      return [name, child.exitCode] as const;
    });
    return Object.fromEntries(await Promise.all(ended));
  }

  #start(line: CommandLine, ports: Readonly<Record<string, string>>): { child: ChildProcess; log: string } {
    const log = this.#log(line.name);
    const out = openSync(log, 'a');
    const [program = '', ...args] = line.command;
    const child = spawn(program, args, {
      cwd: this.#image.path(this.#image.workDir),
      env: this.#env({ ...line.env, ...ports }),
      stdio: ['ignore', out, out],
    });
    closeSync(out);
    child.once('error', () => undefined);
    return { child, log };
  }

  #env(env: Readonly<Record<string, string>>): Record<string, string> {
    const given = Object.entries(env).map(([key, value]) => {
      const mounted = Object.entries(this.#mounts).find(([inside]) => value.startsWith(inside));
      const local = mounted === undefined ? value : mounted[1] + value.slice(mounted[0].length);
      return [key, this.#places.translate(local)];
    });
    return {
      ...this.#image.env,
      PATH: `${this.#image.path('/usr/local/bin')}:${dirname(process.execPath)}:/usr/bin:/bin`,
      // Of this machine, not of the image.
      ...Object.fromEntries(given),
      HOST: '127.0.0.1',
      ADMIN_HOST: '127.0.0.1',
    };
  }

  #log(name: string): string {
    return join(this.#image.root, 'tmp', `${name}.log`);
  }
}
