import type pg from 'pg';
import { MatapaloError } from '#kernel/errors.ts';
import type { Capture, CaptureSink, Position } from '../capture.ts';
import { Decoder } from './decode.ts';
import { formatLsn, releaseSlot, slotState } from './objects.ts';
import { ReplicationConnection } from './replication-connection.ts';

export interface DirectCaptureOptions {
  /** Connection string of the source; its role needs REPLICATION. */
  url: string;
  /** Pool of the same database, for the slot's state. */
  pool: pg.Pool;
  /** Name of slot and publication. */
  name: string;
  /** What the checkpoint was written against; undefined at the first start. */
  source: SourceIdentity | undefined;
}

/** Stored with the checkpoint: a position means nothing on another system, timeline or slot. */
export interface SourceIdentity {
  transport: 'direct';
  system: string;
  timeline: number;
  slot: string;
}

const resyncHint = (what: string) =>
  `${what} Run \`matapalo resync\` for the group: it makes a new slot, verifies and repairs.`;

/** Captures by pgoutput over the replication protocol: nothing but PostgreSQL is needed. */
export class DirectCapture implements Capture {
  readonly #options: DirectCaptureOptions;
  readonly #connection: ReplicationConnection;
  #identity: SourceIdentity | undefined;

  constructor(options: DirectCaptureOptions) {
    this.#options = options;
    this.#connection = new ReplicationConnection(options.url, `${options.name} capture`);
  }

  /** Known once `start` has returned. */
  get identity(): SourceIdentity | undefined {
    return this.#identity;
  }

  async start(from: Position, sink: CaptureSink): Promise<void> {
    const { name, source, pool } = this.#options;
    const { system, timeline } = await this.#connection.connect();
    if (source !== undefined && (source.system !== system || source.timeline !== timeline)) {
      throw new MatapaloError(
        'group-stopped',
        `The source of ${name} is system ${system}, timeline ${timeline}; the checkpoint belongs to system ${source.system}, timeline ${source.timeline}.`,
        { hint: resyncHint('The database was restored, failed over or replaced.') },
      );
    }
    const slot = await slotState(pool, name);
    if (slot === undefined) {
      throw new MatapaloError('group-stopped', `The replication slot ${name} is gone.`, {
        hint: resyncHint('Changes since it vanished were not captured.'),
      });
    }
    if (slot.walStatus === 'lost' || slot.invalidation !== undefined) {
      throw new MatapaloError(
        'group-stopped',
        `The replication slot ${name} is lost (${slot.invalidation ?? 'its WAL was removed'}).`,
        { hint: resyncHint('Raise max_slot_wal_keep_size so that it can wait longer.') },
      );
    }
    if (slot.confirmedFlush > from.major) {
      // The server would silently begin at the later position: what lies between would be lost.
      throw new MatapaloError(
        'group-stopped',
        `The slot ${name} stands at ${formatLsn(slot.confirmedFlush)}, the checkpoint at ${formatLsn(from.major)}.`,
        { hint: resyncHint('The slot was recreated or moved, or the target was restored.') },
      );
    }
    if (slot.active) await releaseSlot(pool, name);
    this.#identity = { transport: 'direct', system, timeline, slot: name };
    const decoder = new Decoder(from, sink);
    await this.#connection.stream(name, name, from.major, {
      message: (bytes, start, end) => decoder.message(bytes, start, end),
      drained: () => sink.idle(),
      ended: (error) => sink.ended(error),
    });
  }

  acknowledge(position: Position): void {
    this.#connection.acknowledge(position.major);
  }

  pause(): void {
    this.#connection.pause();
  }

  resume(): void {
    this.#connection.resume();
  }

  stop(): Promise<void> {
    return this.#connection.close();
  }
}
