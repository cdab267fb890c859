import type { Position } from '../capture/capture.ts';
import { ChangeLog } from './change-log.ts';
import type { BeatSeen } from './checkpoint.ts';
import { Merger } from './merge.ts';

/** What one transaction on the target will apply: whole transactions of the source, except where one is oversized. */
export class Batch {
  readonly merger = new Merger();
  readonly log = new ChangeLog();
  /** Where the checkpoint stands after it. */
  end: Position | undefined;
  beat: BeatSeen | undefined;
  transactions = 0;
  bytes = 0;
  sourceAtMs = 0;
  receivedAtMs = 0;
}
