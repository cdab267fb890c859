/** A batch is closed, and the source told to wait, when one of these is reached. */
export interface BatchLimits {
  /** Distinct rows that will be written. */
  rows: number;
  /** Changes received, merged or not. */
  changes: number;
  bytes: number;
}

export const defaultLimits: BatchLimits = { rows: 12_000, changes: 80_000, bytes: 12 * 1024 * 1024 };
