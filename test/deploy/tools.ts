import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { it } from 'vitest';
import { repository } from './compose-file.ts';

// What `bash .ci/run` builds with Go lies here.
const built = (name: string) => join(repository, '.matapalo/bin', name);

/** Renders a kustomization, with what there is: kustomize itself, or the copy inside kubectl. */
export const kustomize: ((folder: string) => string) | undefined = (() => {
  const own = [built('kustomize'), 'kustomize'].find((name) => runs(name, ['version']));
  const [command, verb] =
    own !== undefined
      ? [own, 'build']
      : runs('kubectl', ['kustomize', '--help'])
        ? ['kubectl', 'kustomize']
        : [];
  if (command === undefined || verb === undefined) return undefined;
  return (folder) =>
    execFileSync(command, [verb, folder], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
})();

/** The program of `compose-check/`, once it was built. */
export const composeCheck: string | undefined = existsSync(built('compose-check'))
  ? built('compose-check')
  : undefined;

function runs(command: string, args: readonly string[]): boolean {
  return spawnSync(command, args, { stdio: 'ignore' }).status === 0;
}

/** A test that needs a tool: left out with the reason on an ordinary machine, a failure in CI, which brings the tools. */
export function itNeeds(tool: unknown, reason: string) {
  if (tool !== undefined) return it;
  if (process.env['CI'] === 'true') {
    return ((name: string) =>
      it(name, () => {
        throw new Error(reason);
      })) as unknown as typeof it;
  }
  return ((name: string, ...rest: unknown[]) =>
    (it.skip as (...all: unknown[]) => void)(`${name} (${reason})`, ...rest)) as unknown as typeof it;
}
