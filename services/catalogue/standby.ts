import type { DataSource } from 'typeorm';
import { poolOf } from '#kernel/db/service-database.ts';
import { ownerNow, type Ownership } from '#kernel/db/ownership.ts';
import type { Rehearsal } from './rehearse.ts';
import { meetTables } from './store/stand-ins.ts';

const againMs = 10_000;
const turnBudgetMs = 50;

/**
 * What a service does while it does not own the catalogue, turn after turn: it plays what is left of its rehearsal, and
 * lets each connection meet the tables. Now and then again, because statistics and schemas change and connections are replaced.
 */
export function createStandby(
  source: DataSource,
  connections: number,
  ownership: Ownership,
  rehearsal: Rehearsal,
): () => Promise<void> {
  let metAtMs = -Infinity;
  return async () => {
    const owner = await ownerNow(source.manager, ownership);
    if (owner === 'us') return;
    await rehearsal.play(turnBudgetMs);
    if (owner === 'nobody') metAtMs = -Infinity;
    else if (performance.now() - metAtMs >= againMs) {
      metAtMs = performance.now();
      await meetTables(poolOf(source), connections);
    }
  };
}
