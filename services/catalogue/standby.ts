import type { DataSource } from 'typeorm';
import { poolOf } from '#kernel/db/service-database.ts';
import { ownerNow, type Ownership } from '#kernel/db/ownership.ts';
import { meetGuards } from './store/stand-ins.ts';

const againMs = 60_000;

/**
 * What a service does while the other side owns the catalogue: as soon as a guard stands, and now and then because
 * connections are replaced, each connection meets it, so that the first write that it lets pass does not pay for that.
 */
export function createStandby(
  source: DataSource,
  connections: number,
  ownership: Ownership,
): () => Promise<void> {
  let metAtMs = -Infinity;
  return async () => {
    const isWaiting = (await ownerNow(source.manager, ownership)) === 'them';
    if (!isWaiting) metAtMs = -Infinity;
    else if (performance.now() - metAtMs >= againMs) {
      metAtMs = performance.now();
      await meetGuards(poolOf(source), connections);
    }
  };
}
