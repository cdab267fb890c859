import { setTimeout as delay } from 'node:timers/promises';
import type { BatchLimits } from '#cdc/apply/batch-limits.ts';
import { openTransport } from '#cdc/capture/open-transport.ts';
import { startWorker, type Worker } from '#cdc/worker/worker.ts';
import { transaction } from '#kernel/db/pool.ts';
import { beat, isApplied, moveOwnership, readOwnership } from '#guard/ownership.ts';
import { directions, type Direction, type Owner } from '#plan/phase.ts';
import { dropOrigins } from '#cdc/capture/direct/objects.ts';
import { syncName } from '#plan/names.ts';
import { publishGroup, readGroup, setStopped } from '#plan/store/groups.ts';
import { readProgress, type Progress } from '#plan/store/progress.ts';
import { quietLog, type Pair } from './two-sides.ts';

/** Until `check` answers something else than undefined or false; fails after a generous deadline, saying what it waited for. */
export async function until<T>(
  what: string,
  check: () => Promise<T | undefined | false> | T | undefined | false,
  timeoutMs = 60_000,
): Promise<T> {
  const deadline = Date.now() + timeoutMs;
  let last: unknown;
  for (;;) {
    try {
      const value = await check();
      if (value !== undefined && value !== false) return value;
    } catch (error) {
      last = error;
    }
    if (Date.now() > deadline) throw new Error(`Waited in vain for: ${what}`, { cause: last });
    await delay(20);
  }
}

export function startTestWorker(pair: Pair, limits?: BatchLimits): Promise<Worker> {
  return startWorker({ plan: pair.plan, log: quietLog, ...(limits ? { limits } : {}) });
}

/** Publishes `syncing` (the guard is there already) and waits until both directions stream. */
export async function syncGroup(pair: Pair): Promise<void> {
  await transaction(pair.controlPool, (db) =>
    publishGroup(db, pair.group.name, { phase: 'syncing', epoch: 1n }),
  );
  await until('both directions stream', async () => {
    const group = await readGroup(pair.controlPool, pair.group.name);
    if (group?.stopped) throw new Error(`stopped: ${group.stopped.message}`);
    const rows = await readProgress(pair.controlPool, pair.group.name);
    return rows.length === 2 && rows.every((row) => row.state === 'streaming');
  });
}

/** Waits until all that the direction's source has committed so far has been applied. */
export async function settle(pair: Pair, direction: Direction): Promise<void> {
  const [source, target] =
    direction === 'forward' ? [pair.legacyPool, pair.servicePool] : [pair.servicePool, pair.legacyPool];
  const written = await beat(source, pair.group.name);
  if (written === undefined) throw new Error('the source has no beat row');
  await until(`${direction} applies beat ${written.n}`, async () => {
    const group = await readGroup(pair.controlPool, pair.group.name);
    if (group?.stopped) throw new Error(`stopped: ${group.stopped.message}`);
    return isApplied(target, pair.group.name, direction, written);
  });
}

/** Closes one side, waits for its last beat at the other, opens the other: a switch or a rollback without proxies. */
export async function moveGroup(pair: Pair, to: Owner): Promise<void> {
  const { group, legacyPool, servicePool } = pair;
  const direction: Direction = to === 'service' ? 'forward' : 'reverse';
  const [source, target] = direction === 'forward' ? [legacyPool, servicePool] : [servicePool, legacyPool];
  const now = await readOwnership(source, group.name);
  if (now === undefined) throw new Error('no ownership row');
  const there = await readOwnership(target, group.name);
  const epoch = now.epoch + 1n;
  const written = await moveOwnership(source, group.name, {
    from: { owner: now.owner, epoch: now.epoch },
    to: { owner: to, epoch },
    timeoutMs: 10_000,
  });
  await until('the closing beat is applied', () => isApplied(target, group.name, direction, written));
  await moveOwnership(target, group.name, {
    from: { owner: there?.owner ?? now.owner, epoch: there?.epoch ?? now.epoch },
    to: { owner: to, epoch },
    timeoutMs: 10_000,
  });
  await transaction(pair.controlPool, (db) =>
    publishGroup(db, group.name, { phase: to === 'service' ? 'migrated' : 'shadow', epoch }),
  );
}

export async function progressOf(pair: Pair, direction: Direction): Promise<Progress> {
  const row = (await readProgress(pair.controlPool, pair.group.name)).find(
    (progress) => progress.direction === direction,
  );
  if (row === undefined) throw new Error(`no progress of ${direction}`);
  return row;
}

/** Waits until the group is stopped; returns the reason. */
export function untilStopped(pair: Pair) {
  return until('the group stops', async () => (await readGroup(pair.controlPool, pair.group.name))?.stopped);
}

export function clearStop(pair: Pair): Promise<void> {
  return setStopped(pair.controlPool, pair.group.name, undefined);
}

/** Closes a pair that a worker has run: connectors, topics, and origins, which belong to the whole cluster and have room for few. */
export async function closeSynced(pair: Pair): Promise<void> {
  const transport = openTransport(pair.config, quietLog);
  for (const direction of directions) await transport.remove({ group: pair.group, direction });
  await transport.close();
  await dropOrigins(pair.servicePool, syncName(pair.group.name, 'forward'));
  await dropOrigins(pair.legacyPool, syncName(pair.group.name, 'reverse'));
  await pair.close();
}
