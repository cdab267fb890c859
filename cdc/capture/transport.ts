import type pg from 'pg';
import type { GroupPlan } from '#plan/compile.ts';
import type { TableFlow } from '#plan/mapping/flow.ts';
import type { Direction } from '#plan/phase.ts';
import type { CheckpointSource } from '../apply/checkpoint.ts';
import type { Capture, Position } from './capture.ts';

/** One direction of one group. */
export interface Stream {
  group: GroupPlan;
  direction: Direction;
}

/** A capture that knows, once it has started, what the checkpoints of its positions belong to. */
export interface IdentifiedCapture extends Capture {
  readonly identity: CheckpointSource | undefined;
}

export interface OpenOptions extends Stream {
  flows: readonly TableFlow[];
  /** Connection string and pool of the source. */
  sourceUrl: string;
  source: pg.Pool;
  /** As stored with the checkpoint. */
  checkpoint: CheckpointSource;
}

export interface Kept {
  stop(): Promise<void>;
}

/** What a transport says about a stream from outside of its capture. */
export interface KeepEvents {
  /** What stands between source and reader is not as it should be, and is being mended; undefined: it is. */
  onTrouble(message: string | undefined): void;
  /** It cannot be mended without losing changes. */
  onFailed(error: unknown): void;
}

/**
 * A way from a source's slot to a capture. Slot and publication are the same for all; a transport may have more between them and
 * us. Calls come only from the worker that leads the group.
 */
export interface Transport {
  readonly name: 'direct' | 'debezium';
  /**
   * For a new slot that nobody has read, made at `slotAt`: what stands between is made anew, and empty. Returns the first
   * checkpoint.
   */
  begin(stream: Stream, slotAt: bigint): Promise<{ position: Position; source: CheckpointSource }>;
  /** While a run lasts: keeps running what fills the way between. The slot is there. */
  keep(stream: Stream, events: KeepEvents): Kept;
  open(options: OpenOptions): IdentifiedCapture;
  /** Lets go of the slot, and removes what stands between. What is not there is no error. */
  remove(stream: Stream): Promise<void>;
  close(): Promise<void>;
}
