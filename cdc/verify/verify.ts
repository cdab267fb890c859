import { MatapaloError } from '#kernel/errors.ts';
import { directions, type Direction } from '#plan/phase.ts';
import type { JobContext, JobHandler } from '#cdc/worker/job-context.ts';
import { liveSides } from './sides.ts';
import { verificationId } from './verification-row.ts';
import { verifyDirection, type VerificationResult } from './verify-direction.ts';

const defaultTimeoutMs = 3_600_000;

/**
 * Job `verify`. Arguments: `direction` (`forward`, `reverse` or `both`; default the one whose stream is live), `timeoutMs`
 * (default an hour), `rest` (pause after a chunk as a share of its time; default 0.25).
 */
export const verifyJob: JobHandler = async (ctx) => {
  const results: VerificationResult[] = [];
  for (const direction of await directionsAsked(ctx)) {
    results.push(
      await verifyDirection(ctx, {
        id: verificationId(ctx.jobId, direction),
        direction,
        timeoutMs: numberArgument(ctx, 'timeoutMs', defaultTimeoutMs),
        rest: numberArgument(ctx, 'rest', 0.25),
      }),
    );
  }
  return { verifications: results };
};

export async function directionsAsked(ctx: JobContext): Promise<Direction[]> {
  const asked = ctx.args['direction'];
  if (asked === undefined || asked === null) return [(await liveSides(ctx)).direction];
  if (asked === 'both') return [...directions];
  const found = directions.find((direction) => direction === asked);
  if (found === undefined) {
    throw new MatapaloError('bad-request', `${JSON.stringify(asked)} is no direction.`, {
      hint: 'It is forward, reverse or both.',
    });
  }
  return [found];
}

export function numberArgument(ctx: JobContext, name: string, otherwise: number): number {
  const value = ctx.args[name];
  if (value === undefined || value === null) return otherwise;
  if (typeof value !== 'number' || !(value >= 0)) {
    throw new MatapaloError('bad-request', `${name} must be a number, 0 or above.`);
  }
  return value;
}
