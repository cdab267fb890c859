import { MatapaloError } from '#kernel/errors.ts';

/**
 * The order of a topic. Connect writes a source's transactions in the order of their commits, but after a crash it writes some
 * of them again, beginning anywhere in what it had written: whole transactions, or one from its middle. Every event carries
 * where the transaction before its own had ended (`floor`, the first part of `source.sequence`) and its own LSN; every
 * transaction is closed by an END record with the LSN where it ends, which is the floor of the next. LSNs alone do not order:
 * those of interleaved transactions run backwards between them, and rows of one COPY share one.
 *
 * So a topic is a chain: a transaction whose floor lies below the newest end is a repetition; one whose floor is that end is the
 * next; one whose floor lies above it means that something is missing, and throws `group-stopped`. Within the open
 * transaction an event below the last LSN is a repetition. One at the last LSN is too, except for rows of one COPY and tables of
 * one TRUNCATE: these are applied again, which changes nothing.
 */
export type EventKind =
  'insert' | 'update' | 'delete' | 'truncate' | 'message' | 'key-change-old' | 'key-change-new';

export interface LogEvent {
  /** End of the transaction before; undefined where the connector had seen none. */
  floor: number | undefined;
  lsn: number;
  xid: number;
  kind: EventKind;
}

interface Open {
  floor: number;
  xid: number;
  lsn: number;
  kind: EventKind;
}

export type Verdict = 'repeated' | 'first' | 'next' | 'end-then-first';

export class LogOrder {
  /** Where the newest whole transaction ended; 0 before the first. */
  #end: number;
  #open: Open | undefined;
  /** A transaction that was left out although its place is not known: its end tells whether that was right. */
  #doubtful: number | undefined;

  constructor(end = 0, open?: LogEvent) {
    this.#end = end;
    if (open !== undefined)
      this.#open = { floor: open.floor ?? 0, xid: open.xid, lsn: open.lsn, kind: open.kind };
  }

  get end(): number {
    return this.#end;
  }

  get open(): boolean {
    return this.#open !== undefined;
  }

  /** Floor of the open transaction, else of the next. */
  get floor(): number {
    return this.#open?.floor ?? this.#end;
  }

  event(event: LogEvent): Verdict {
    const open = this.#open;
    const floor = event.floor ?? 0;
    if (open === undefined) return this.#begin(event, floor);
    if (floor < open.floor) return 'repeated';
    if (floor > open.floor) {
      // Before the first end Connect takes an event's LSN for an end when it is restarted.
      if (this.#end === 0) {
        this.#end = floor;
        this.#begin(event, floor);
        return 'end-then-first';
      }
      throw gap(`transaction ${open.xid} has no end, and transaction ${event.xid} follows it`);
    }
    if (event.xid !== open.xid) {
      throw gap(`transactions ${open.xid} and ${event.xid} both follow ${floor}`);
    }
    if (event.lsn < open.lsn) return 'repeated';
    if (open.kind === 'key-change-old' && event.kind !== 'key-change-old') {
      if (event.lsn !== open.lsn || event.kind !== 'key-change-new') throw halfKeyChange(open.xid);
    } else if (event.lsn === open.lsn && !isShared(open.kind, event.kind)) return 'repeated';
    open.lsn = event.lsn;
    open.kind = event.kind;
    return 'next';
  }

  #begin(event: LogEvent, floor: number): Verdict {
    if (floor < this.#end) {
      if (event.floor === undefined) this.#doubtful = event.xid;
      return 'repeated';
    }
    if (floor > this.#end && this.#end !== 0) {
      throw gap(`transaction ${event.xid} follows ${floor}, and the last one ended at ${this.#end}`);
    }
    this.#open = { floor, xid: event.xid, lsn: event.lsn, kind: event.kind };
    return 'first';
  }

  /** An END record. True where it ends a transaction that has not been ended before; one without events then, if none is open. */
  ends(xid: number, lsn: number): boolean {
    const open = this.#open;
    if (lsn <= (open?.floor ?? this.#end)) return false;
    if (open !== undefined) {
      if (open.xid !== xid) throw gap(`transaction ${xid} ends while transaction ${open.xid} is open`);
      if (open.kind === 'key-change-old') throw halfKeyChange(open.xid);
    } else if (this.#doubtful === xid) {
      throw gap(`transaction ${xid} does not say what it follows: Connect has lost its offsets`);
    }
    this.#open = undefined;
    this.#doubtful = undefined;
    this.#end = lsn;
    return true;
  }

  /** A logical message outside of transactions: it counts as an end to what comes after it. */
  loneMessage(lsn: number): void {
    if (this.#open === undefined && this.#end !== 0 && lsn > this.#end) this.#end = lsn;
  }
}

/** One record of WAL may hold several rows of a COPY, or all tables of a TRUNCATE. */
function isShared(before: EventKind, now: EventKind): boolean {
  return (now === 'insert' || now === 'truncate' || now === 'key-change-old') && before === now;
}

function gap(what: string): MatapaloError {
  return new MatapaloError('group-stopped', `The topic has a gap: ${what}.`, {
    hint: 'Changes may be missing. Run `matapalo resync` for the group.',
  });
}

function halfKeyChange(xid: number): MatapaloError {
  return new MatapaloError(
    'group-stopped',
    `The topic has half of a change of key in transaction ${xid}: the old row was taken away, the new one never came.`,
    { hint: 'Connect crashed between the two. Run `matapalo resync` for the group.' },
  );
}
