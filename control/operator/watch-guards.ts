import { isSynced, type Side } from '#plan/phase.ts';
import { readRoutes, setStopped } from '#plan/store/groups.ts';
import { guardDrift, guardState, type GuardState } from '#preflight/ddl-watch.ts';
import { readRunning } from './journal/transitions.ts';
import type { Operator } from './operator.ts';

const sides: readonly Side[] = ['legacy', 'service'];

/**
 * Triggers do not see ATTACH, DETACH, rewrites, or their own disabling. The leader looks at the catalogs again and again,
 * for as long as a guard stands, and stops a group whose guard was got round.
 */
export class GuardWatch {
  readonly #op: Operator;
  /** What each side looked like when last looked at; forgotten while a group is not synced. */
  readonly #seen = new Map<string, GuardState>();
  #looking = false;

  constructor(op: Operator) {
    this.#op = op;
  }

  async look(): Promise<void> {
    if (this.#looking) return;
    this.#looking = true;
    try {
      await this.#lookAtAll();
    } catch (error) {
      this.#op.log.warn({ err: error }, 'the guards could not be looked at');
    } finally {
      this.#looking = false;
    }
  }

  async #lookAtAll(): Promise<void> {
    const op = this.#op;
    const { groups } = await readRoutes(op.control);
    const running = new Set((await readRunning(op.control)).map((transition) => transition.group));
    for (const state of groups) {
      const group = op.plan.groups.get(state.name);
      if (group === undefined || !isSynced(state.phase)) {
        for (const side of sides) this.#seen.delete(`${state.name}:${side}`);
        continue;
      }
      // Sync and abort put triggers up and take them down, table by table.
      if (running.has(state.name)) continue;
      for (const side of sides) {
        const key = `${group.name}:${side}`;
        const db = op.databases.of(group, side);
        const now = await guardState(db, group, side);
        const before = this.#seen.get(key);
        this.#seen.set(key, now);
        const drift = await guardDrift(db, group, side, before && withAddedColumns(before, now));
        if (drift.length === 0 || state.stopped !== undefined) continue;
        // A transition may have begun meanwhile: its own triggers are no drift.
        if ((await readRunning(op.control)).some((transition) => transition.group === group.name)) continue;
        op.log.error(
          { group: group.name, side, drift },
          'something got round the guard: the group is stopped',
        );
        await setStopped(op.control, group.name, {
          code: 'guard-drift',
          message: `The guard on ${side} was got round: ${drift.join('; ')}`,
          hint: `Undo that, or mend the triggers; then \`matapalo verify ${group.name}\` and \`matapalo resume ${group.name}\`.`,
        });
      }
    }
  }
}

/** A column that was only added rewrites no row and passes no write. Pure. */
export function withAddedColumns(before: GuardState, now: GuardState): GuardState {
  const relations = Object.entries(before.relations).map(([id, relation]) => {
    const types = now.relations[id]?.types;
    return [
      id,
      types?.startsWith(`${relation.types},`) === true ? { ...relation, types } : relation,
    ] as const;
  });
  return { relations: Object.fromEntries(relations) };
}
