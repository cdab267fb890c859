import type { Position, RowChange } from '../capture/capture.ts';
import type { BeatSeen } from './checkpoint.ts';
import { Merger } from './merge.ts';
import type { SourceTable } from './source-table.ts';

/** One change as it came, for a batch that must be replayed in order. */
export interface LoggedChange {
  major: bigint;
  minor: number;
  table: SourceTable | undefined;
  op: RowChange['op'] | 'truncate';
  bytes: Buffer;
  newAt: number;
  oldAt: number;
  flows: number;
  truncated: readonly SourceTable[];
}

/** What one transaction on the target will apply: whole transactions of the source, except where one is oversized. */
export class Batch {
  readonly merger = new Merger();
  readonly log: LoggedChange[] = [];
  /** Where the checkpoint stands after it. */
  end: Position | undefined;
  beat: BeatSeen | undefined;
  transactions = 0;
  bytes = 0;
  sourceAtMs = 0;
  receivedAtMs = 0;
}
