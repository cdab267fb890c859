import { describeError } from '#kernel/errors.ts';
import { met, unmet, type Gate } from './gate.ts';

/** The side that is about to take requests must say that it is ready. */
export const readyGate: Gate = {
  name: 'ready',
  kinds: ['shadow', 'canary', 'switch', 'rollback'],
  check: async ({ group, kind }) => {
    const [side, config] =
      kind === 'rollback'
        ? (['the monolith', group.monolith] as const)
        : ([`service ${group.service.name}`, group.service] as const);
    const url = config.readyUrl ?? new URL('readyz', withSlash(config.url)).href;
    const help = `Start ${side}, then: curl -i ${url}`;
    try {
      const answer = await fetch(url, { signal: AbortSignal.timeout(3_000), redirect: 'manual' });
      await answer.body?.cancel();
      return answer.ok
        ? met(`${side} answers ${answer.status} at ${url}`)
        : unmet(`${side} answers ${answer.status} at ${url}`, help);
    } catch (error) {
      const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
      return unmet(`${side} does not answer at ${url}: ${describeError(cause)}`, help);
    }
  },
};

function withSlash(url: string): string {
  return url.endsWith('/') ? url : `${url}/`;
}
