import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { installGuard } from '#guard/install.ts';
import { publishGroup, readGroup } from '#plan/store/groups.ts';
import { transaction } from '#kernel/db/pool.ts';
import type { Phase } from '#plan/phase.ts';
import { quietLog, type Pair } from '#test/two-sides.ts';
import { startOperator, type OperatorOptions, type RunningOperator } from './start-operator.ts';

/** For tests: waits until `condition` holds, for as long as a slow machine may need. */
export async function until(
  condition: () => Promise<boolean> | boolean,
  what: string,
  timeoutMs = 60_000,
): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`In vain waited for: ${what}`);
    await delay(10);
  }
}

/** Where the first token of operators under test is written. */
export function tokenFile(): string {
  return join(tmpdir(), `matapalo-test-${process.pid}`, 'token');
}

/** An operator under test that leads already; quick to notice a silent predecessor. */
export async function leadingOperator(
  pair: Pair,
  options: Partial<OperatorOptions> = {},
): Promise<RunningOperator> {
  const running = await startOperator({
    plan: pair.plan,
    port: 0,
    log: quietLog,
    leaseMs: 600,
    onStep: () => undefined,
    tokenFile: tokenFile(),
    ...options,
  });
  await until(() => running.operator.lead.current !== undefined, 'the operator to lead');
  return running;
}

/** Puts a group where a phase begins: guard on both sides, owner legacy at epoch 1, routes published. */
export async function placeGroup(pair: Pair, phase: Phase): Promise<void> {
  await installGuard(pair.legacyPool, pair.group, 'legacy', 'legacy', 1n);
  await installGuard(pair.servicePool, pair.group, 'service', 'legacy', 1n);
  await transaction(pair.controlPool, (client) =>
    publishGroup(client, pair.group.name, { phase, epoch: 1n }),
  );
}

/**
 * Applies nothing but beats, both ways: enough for the operator, which waits for beats and trusts the applier for the
 * rest. The real applier is tested where it lives, and with the operator in the journeys.
 */
export function carryBeats(pair: Pair): { stop(): Promise<void>; pause(paused: boolean): void } {
  let stopped = false;
  let paused = false;
  const loop = async () => {
    while (!stopped) {
      if (!paused) {
        for (const [source, target, direction] of [
          [pair.legacyPool, pair.servicePool, 'forward'],
          [pair.servicePool, pair.legacyPool, 'reverse'],
        ] as const) {
          const { rows } = await source
            .query<{ n: string; epoch: string; owner: string; at: Date }>(
              'select n, epoch, owner, at from matapalo.beat where group_name = $1',
              [pair.group.name],
            )
            .catch(() => ({ rows: [] }));
          const beat = rows[0];
          if (beat === undefined || paused) continue;
          await target
            .query(
              `insert into matapalo.checkpoint (group_name, direction, beat_n, beat_epoch, beat_owner, beat_at)
               values ($1, $2, $3, $4, $5, $6)
               on conflict (group_name, direction) do update set beat_n = excluded.beat_n,
                 beat_epoch = excluded.beat_epoch, beat_owner = excluded.beat_owner, beat_at = excluded.beat_at`,
              [pair.group.name, direction, beat.n, beat.epoch, beat.owner, beat.at],
            )
            .catch(() => undefined);
        }
      }
      await delay(2);
    }
  };
  const done = loop();
  return {
    stop: () => {
      stopped = true;
      return done;
    },
    pause: (value) => {
      paused = value;
    },
  };
}

export async function phaseOf(pair: Pair): Promise<string | undefined> {
  return (await readGroup(pair.controlPool, pair.group.name))?.phase;
}
