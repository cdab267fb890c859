import type { RowChange } from '../capture/capture.ts';
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

/** What the changes from `from` on have in common. */
interface Run {
  from: number;
  major: bigint;
  table: SourceTable | undefined;
  bytes: Buffer;
  truncated: readonly SourceTable[];
}

const ops = ['insert', 'update', 'delete', 'truncate'] as const;
/** Per change: minor, operation, newAt, oldAt, flows. */
const width = 5;
const none: readonly SourceTable[] = [];

/**
 * The changes of a batch in the source's order. Seldom read, but written for each change: numbers go into one typed array, and
 * what a transaction's rows in one buffer share is kept once, so that tens of thousands of changes are no work for the
 * garbage collector.
 */
export class ChangeLog {
  #numbers = new Int32Array(64 * width);
  readonly #runs: Run[] = [];
  #last: Run | undefined;
  #count = 0;

  get length(): number {
    return this.#count;
  }

  add(
    major: bigint,
    minor: number,
    table: SourceTable,
    { op, bytes, newAt, oldAt }: RowChange,
    flows: number,
  ): void {
    const last = this.#last;
    if (last === undefined || last.bytes !== bytes || last.major !== major || last.table !== table) {
      this.#begin({ from: this.#count, major, table, bytes, truncated: none });
    }
    this.#push(minor, ops.indexOf(op), newAt, oldAt, flows);
  }

  truncate(major: bigint, minor: number, truncated: readonly SourceTable[], flows: number): void {
    this.#begin({ from: this.#count, major, table: undefined, bytes: Buffer.alloc(0), truncated });
    this.#push(minor, ops.indexOf('truncate'), -1, -1, flows);
  }

  #begin(run: Run): void {
    this.#runs.push(run);
    this.#last = run;
  }

  #push(minor: number, op: number, newAt: number, oldAt: number, flows: number): void {
    const at = this.#count++ * width;
    if (at === this.#numbers.length) {
      const larger = new Int32Array(this.#numbers.length * 2);
      larger.set(this.#numbers);
      this.#numbers = larger;
    }
    const numbers = this.#numbers;
    numbers[at] = minor;
    numbers[at + 1] = op;
    numbers[at + 2] = newAt;
    numbers[at + 3] = oldAt;
    numbers[at + 4] = flows;
  }

  *[Symbol.iterator](): Generator<LoggedChange> {
    const numbers = this.#numbers;
    for (const [index, run] of this.#runs.entries()) {
      const { major, table, bytes, truncated } = run;
      const end = this.#runs[index + 1]?.from ?? this.#count;
      for (let at = run.from * width; at < end * width; at += width) {
        yield {
          major,
          table,
          bytes,
          truncated,
          minor: numbers[at]!,
          op: ops[numbers[at + 1]!]!,
          newAt: numbers[at + 2]!,
          oldAt: numbers[at + 3]!,
          flows: numbers[at + 4]!,
        };
      }
    }
  }
}
