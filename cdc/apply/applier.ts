import type pg from 'pg';
import type { Direction } from '#plan/phase.ts';
import type { TableFlow } from '#plan/mapping/flow.ts';
import type { RangeFilter } from '../backfill/range-filter.ts';
import type { Begin, Capture, CaptureSink, Position, Relation, RowChange } from '../capture/capture.ts';
import { applyBatch } from './apply-batch.ts';
import type { Batch } from './batch.ts';
import { BatchBuilder } from './batch-builder.ts';
import type { BatchLimits } from './batch-limits.ts';
import type { BeatSeen, Checkpoint, CheckpointSource } from './checkpoint.ts';
import type { Writers } from './write-segment.ts';

export interface ApplierOptions {
  direction: Direction;
  flows: readonly TableFlow[];
  capture: Capture;
  session: pg.ClientBase;
  writers: Writers;
  checkpoint: Checkpoint;
  filter: RangeFilter | undefined;
  limits: BatchLimits;
  onApplied(applied: Applied): void;
  /** Called once, when the applier can do no more; nothing runs on the session afterwards. */
  onFailed(error: unknown): void;
}

/** What the target has just committed. */
export interface Applied {
  beat: BeatSeen | undefined;
  rows: number;
  changes: number;
  transactions: number;
  /** Changes left out so far because their side did not own the group. */
  ignored: number;
  committedAtMs: number;
  receivedAtMs: number;
  appliedAtMs: number;
}

/**
 * Runs one direction: while a batch is being applied, the next is received and merged. A lone transaction is applied at
 * once; under load batches grow to their limits, then the source is made to wait.
 */
export class Applier implements CaptureSink {
  readonly #options: ApplierOptions;
  readonly #builder: BatchBuilder;
  #checkpoint: Checkpoint;
  #applying: Promise<void> | undefined;
  /** Apply at the next transaction's end: the socket was empty, but a transaction was open. */
  #wanted = false;
  #paused = false;
  #closed = false;
  /** Runs while a batch waits to become fuller; `#gathered` once it has waited long enough. */
  #gathering: NodeJS.Timeout | undefined;
  #gathered = false;

  constructor(options: ApplierOptions) {
    this.#options = options;
    this.#checkpoint = options.checkpoint;
    const { direction, flows, checkpoint, limits } = options;
    this.#builder = new BatchBuilder(direction, flows, checkpoint, limits);
    this.#builder.filter = options.filter;
  }

  start(): Promise<void> {
    return this.#options.capture.start(this.#checkpoint.position, this);
  }

  /** The stream has passed what a resumed backfill had read. */
  dropFilter(): void {
    this.#builder.filter = undefined;
  }

  /** What the positions belong to; stored with the next checkpoint. */
  identify(source: CheckpointSource): void {
    this.#checkpoint = { ...this.#checkpoint, source: { ...this.#checkpoint.source, ...source } };
  }

  begin(begin: Begin): void {
    this.#builder.begin(begin);
  }

  change(change: RowChange, minor: number): void {
    if (this.#closed) return;
    this.#builder.change(change, minor);
    if (this.#builder.full) this.#flush();
  }

  truncate(relations: readonly Relation[], minor: number): void {
    if (!this.#closed) this.#builder.truncate(relations, minor);
  }

  commit(end: Position): void {
    this.#builder.commit(end);
    if (this.#wanted || this.#builder.full) this.#flush();
  }

  idle(): void {
    if (this.#builder.whole) this.#flush();
    else this.#wanted = true;
  }

  ended(error: unknown): void {
    this.#fail(error);
  }

  #flush(): void {
    if (this.#closed) return;
    if (this.#applying !== undefined) {
      if (this.#builder.full && !this.#paused) {
        this.#paused = true;
        this.#options.capture.pause();
      }
      return;
    }
    if (!this.#gathered && !this.#builder.full && this.#builder.gathers) {
      this.#gathering ??= setTimeout(() => {
        this.#gathered = true;
        this.#wanted = true;
        this.#flush();
      }, this.#options.limits.gatherMs);
      return;
    }
    const batch = this.#builder.take();
    if (batch === undefined) return;
    clearTimeout(this.#gathering);
    this.#gathering = undefined;
    this.#gathered = false;
    this.#wanted = false;
    this.#applying = this.#apply(batch).then(
      () => {
        this.#applying = undefined;
        if (this.#builder.whole || this.#builder.full) this.#flush();
        else this.#wanted = true;
        if (this.#paused && !this.#closed) {
          this.#paused = false;
          this.#options.capture.resume();
        }
      },
      (error: unknown) => {
        this.#applying = undefined;
        this.#fail(error);
      },
    );
  }

  async #apply(batch: Batch): Promise<void> {
    const { session, writers, capture } = this.#options;
    const end = batch.end;
    if (end === undefined) return;
    await applyBatch(session, writers, this.#checkpoint, batch);
    this.#checkpoint = {
      ...this.#checkpoint,
      position: end,
      beat: batch.beat ?? this.#checkpoint.beat,
    };
    capture.acknowledge(end);
    this.#options.onApplied({
      beat: batch.beat,
      rows: batch.merger.rows,
      changes: batch.log.length,
      transactions: batch.transactions,
      ignored: this.#builder.gate.ignored,
      committedAtMs: batch.sourceAtMs,
      receivedAtMs: batch.receivedAtMs,
      appliedAtMs: Date.now(),
    });
  }

  #fail(error: unknown): void {
    if (this.#closed) return;
    this.#closed = true;
    clearTimeout(this.#gathering);
    const applying = this.#applying ?? Promise.resolve();
    void applying
      .catch(() => undefined)
      .then(() => this.#options.capture.stop())
      .catch(() => undefined)
      .then(() => this.#options.onFailed(error));
  }

  /** Ends capture, lets the batch under way finish, and leaves the rest to the next start. */
  async stop(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#gathering);
    await this.#options.capture.stop();
    await this.#applying?.catch(() => undefined);
  }
}
