/** A batch is closed, and the source told to wait, when one of these is reached. */
export interface BatchLimits {
  /** Distinct rows that will be written. */
  rows: number;
  /** Changes received, merged or not. */
  changes: number;
  bytes: number;
}

export const defaultLimits: BatchLimits = { rows: 10_000, changes: 60_000, bytes: 8 * 1024 * 1024 };
