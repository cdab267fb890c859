import type pg from 'pg';
import { channels } from '#plan/names.ts';
import type { Direction } from '#plan/phase.ts';
import type { ProgressState } from '#plan/store/progress.ts';
import type { BeatSeen } from '../apply/checkpoint.ts';

/** What one direction's `progress` row says; kept here and written at once when it matters, else a few times a second. */
export interface ProgressFacts {
  state: ProgressState;
  beat?: BeatSeen | undefined;
  appliedAt?: Date;
  captureLagMs?: number;
  applyLagMs?: number;
  retainedBytes?: bigint;
  slotState?: string;
  rowsApplied: number;
  backfill?: unknown;
  error?: Record<string, unknown> | undefined;
  covered?: Record<string, number>;
}

const everyMs = 250;

export class ProgressRow {
  readonly facts: ProgressFacts = { state: 'preparing', rowsApplied: 0 };
  readonly #control: pg.Pool;
  readonly #group: string;
  readonly #direction: Direction;
  readonly #worker: string;
  readonly #transport: string;
  readonly #onError: (error: unknown) => void;
  #writing: Promise<void> | undefined;
  #again = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(
    control: pg.Pool,
    group: string,
    direction: Direction,
    worker: string,
    transport: string,
    onError: (error: unknown) => void,
  ) {
    this.#control = control;
    this.#group = group;
    this.#direction = direction;
    this.#worker = worker;
    this.#transport = transport;
    this.#onError = onError;
  }

  /** Age of the newest applied beat: an idle source that beats shows as fresh. */
  get lagMs(): number | undefined {
    const at = this.facts.beat?.at;
    return at === undefined ? undefined : Math.max(0, Date.now() - at.getTime());
  }

  /** Soon, together with what changes until then. */
  touch(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      void this.write();
    }, everyMs);
  }

  /** Now; a write that is under way is followed by one more. Never throws: progress is for people and gates, data does not wait for it. */
  write(): Promise<void> {
    if (this.#writing !== undefined) {
      this.#again = true;
      return this.#writing;
    }
    this.#writing = this.#upsert()
      .catch(this.#onError)
      .then(() => {
        this.#writing = undefined;
        if (!this.#again) return;
        this.#again = false;
        return this.write();
      });
    return this.#writing;
  }

  async close(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    await this.#writing;
  }

  async #upsert(): Promise<void> {
    const { facts } = this;
    await this.#control.query({
      name: 'matapalo_progress',
      text: `with written as (
        insert into progress as p (group_name, direction, worker, transport, state, beat_n, beat_epoch, beat_owner, beat_at,
            applied_at, lag_ms, capture_lag_ms, apply_lag_ms, retained_bytes, slot_state, rows_applied, backfill, error, covered, updated_at)
          values ($1, $2, $3, $19, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, coalesce($18::jsonb, '{}'), clock_timestamp())
        on conflict (group_name, direction) do update set worker = excluded.worker, transport = excluded.transport,
            state = excluded.state, beat_n = coalesce(excluded.beat_n, p.beat_n), beat_epoch = coalesce(excluded.beat_epoch, p.beat_epoch),
            beat_owner = coalesce(excluded.beat_owner, p.beat_owner), beat_at = coalesce(excluded.beat_at, p.beat_at),
            applied_at = coalesce(excluded.applied_at, p.applied_at), lag_ms = excluded.lag_ms,
            capture_lag_ms = excluded.capture_lag_ms, apply_lag_ms = excluded.apply_lag_ms,
            retained_bytes = coalesce(excluded.retained_bytes, p.retained_bytes),
            slot_state = coalesce(excluded.slot_state, p.slot_state),
            rows_applied = excluded.rows_applied, backfill = coalesce(excluded.backfill, p.backfill),
            error = excluded.error, covered = case when $18::jsonb is null then p.covered else p.covered || excluded.covered end,
            updated_at = excluded.updated_at)
        select pg_notify('${channels.progress}', $1)`,
      values: [
        this.#group,
        this.#direction,
        this.#worker,
        facts.state,
        facts.beat?.n.toString() ?? null,
        facts.beat?.epoch.toString() ?? null,
        facts.beat?.owner ?? null,
        facts.beat?.at ?? null,
        facts.appliedAt ?? null,
        this.lagMs ?? null,
        facts.captureLagMs ?? null,
        facts.applyLagMs ?? null,
        facts.retainedBytes?.toString() ?? null,
        facts.slotState ?? null,
        facts.rowsApplied,
        facts.backfill === undefined ? null : JSON.stringify(facts.backfill),
        facts.error === undefined ? null : JSON.stringify(facts.error),
        facts.covered === undefined ? null : JSON.stringify(facts.covered),
        this.#transport,
      ],
    });
  }
}
