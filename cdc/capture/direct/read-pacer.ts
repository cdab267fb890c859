import type { Socket } from 'node:net';

/** What one read of a socket brings at most; after one of this size there is more to read at once. */
const fullReadBytes = 65_536;
/** Reads within a millisecond that make a burst. */
const burstReads = 6;
const longestRestMs = 16;
/** Above this many bytes a millisecond rests grow, below `quiet` they shrink. */
const busyBytesPerMs = 6_144;
const quietBytesPerMs = 4_096;

/** The part of a socket's handle that stops reading at once; `Socket.pause` first fills the stream's buffer, read by read. */
interface ReadHandle {
  readStart(): unknown;
  readStop(): unknown;
}

/**
 * When to read a walsender's socket. It sends every row by itself, and a reader that is always ready takes each by itself: a
 * send, a wake-up and a read for some 200 bytes, more work than the row is worth to either process. So while rows come
 * without a stop, an emptied socket is left alone for a moment: rows gather in the kernel's queues, the source spends half the
 * time on them, and one read brings hundreds. The moment grows with the load (1 to 16 ms); a lone transaction never waits.
 * The socket must be flowing already.
 */
export class ReadPacer {
  readonly #socket: Socket;
  readonly #handle: ReadHandle | undefined;
  #timer: NodeJS.Timeout | undefined;
  /** 0 outside of a burst. */
  #restMs = 0;
  #resting = false;
  #paused = false;
  #held = false;
  /** Since the last rest began, or, outside of a burst, since the present millisecond did. */
  #sinceMs = 0;
  #bytes = 0;
  #reads = 0;

  constructor(socket: Socket) {
    this.#socket = socket;
    const handle = (socket as unknown as { _handle?: Partial<ReadHandle> | null })._handle;
    if (typeof handle?.readStart === 'function' && typeof handle.readStop === 'function') {
      this.#handle = handle as ReadHandle;
    }
  }

  /** After each read, once its bytes have been handed over. */
  afterRead(bytes: number): void {
    this.#bytes += bytes;
    this.#reads++;
    if (bytes >= fullReadBytes) return;
    const now = performance.now();
    if (this.#restMs === 0) {
      if (now - this.#sinceMs > 1) {
        this.#sinceMs = now;
        this.#bytes = 0;
        this.#reads = 0;
      } else if (this.#reads >= burstReads) this.#rest(1, now);
      return;
    }
    const bytesPerMs = this.#bytes / (now - this.#sinceMs);
    if (bytesPerMs >= busyBytesPerMs) this.#rest(Math.min(longestRestMs, this.#restMs * 2), now);
    else if (bytesPerMs >= quietBytesPerMs) this.#rest(this.#restMs, now);
    else if (this.#restMs > 1) this.#rest(this.#restMs / 2, now);
    // Whether it is still a burst, the next millisecond's reads tell.
    else this.#restMs = 0;
  }

  #rest(ms: number, now: number): void {
    this.#restMs = ms;
    this.#sinceMs = now;
    this.#bytes = 0;
    this.#reads = 0;
    this.#resting = true;
    this.#hold();
    this.#timer = setTimeout(() => {
      this.#resting = false;
      this.#go();
    }, ms);
  }

  /** Until `resume`, nothing is read beyond what is under way: the source is held back. */
  pause(): void {
    this.#paused = true;
    this.#hold();
  }

  resume(): void {
    this.#paused = false;
    this.#go();
  }

  /** The socket is read freely again, so that its end is seen. */
  close(): void {
    clearTimeout(this.#timer);
    this.#resting = false;
    this.resume();
  }

  #hold(): void {
    if (this.#held || this.#socket.destroyed) return;
    this.#held = true;
    if (this.#handle) this.#handle.readStop();
    else this.#socket.pause();
  }

  #go(): void {
    if (!this.#held || this.#paused || this.#resting || this.#socket.destroyed) return;
    this.#held = false;
    if (this.#handle) this.#handle.readStart();
    else this.#socket.resume();
  }
}
