import type { TableFlow } from '#plan/mapping/flow.ts';
import { sourceSide, type Side } from '#plan/phase.ts';

/** Turns a field of an entry into its path from the config's root. */
export type PathOf = (path: readonly string[]) => string[];

export function sideOfSource(flow: TableFlow): Side {
  return sourceSide(flow.direction);
}
