import type { Socket } from 'node:net';

/**
 * Passes WebSocket frames (RFC 6455, 5.2) on byte by byte and knows where a frame ends, so that a closing frame can be put between
 * two frames instead of into the middle of one.
 */
export class FrameRelay {
  readonly #to: Socket;
  readonly #from: Socket;
  readonly #closeFrame: (code: number) => Buffer;
  /** Header bytes of the frame that has begun; its payload's length is known once they are all there. */
  #header: number[] = [];
  #payloadLeft = 0;
  #closing: { code: number; done: () => void } | undefined;

  /** `masked` is the direction from client to server. */
  constructor(from: Socket, to: Socket, masked: boolean) {
    this.#from = from;
    this.#to = to;
    this.#closeFrame = (code) => closeFrame(code, masked);
    from.on('data', (chunk: Buffer) => this.#onData(chunk));
    from.on('end', () => to.end());
    to.on('drain', () => from.resume());
  }

  /** Ends this direction with a closing frame as soon as the frame under way is through. */
  close(code: number, done: () => void): void {
    this.#closing = { code, done };
    if (this.#isBetweenFrames()) this.#finish();
  }

  #isBetweenFrames(): boolean {
    return this.#payloadLeft === 0 && this.#header.length === 0;
  }

  #onData(chunk: Buffer): void {
    if (this.#to.destroyed || this.#to.writableEnded) return;
    let end = 0;
    while (end < chunk.length) {
      if (this.#payloadLeft > 0) {
        const taken = Math.min(this.#payloadLeft, chunk.length - end);
        this.#payloadLeft -= taken;
        end += taken;
      } else {
        this.#header.push(chunk[end++] ?? 0);
        const length = payloadLength(this.#header);
        if (length === undefined) continue;
        this.#payloadLeft = length;
        this.#header = [];
      }
      if (this.#closing !== undefined && this.#isBetweenFrames()) {
        this.#to.write(chunk.subarray(0, end));
        this.#finish();
        return;
      }
    }
    if (!this.#to.write(chunk)) this.#from.pause();
  }

  #finish(): void {
    const closing = this.#closing;
    if (closing === undefined || this.#to.writableEnded) return;
    this.#to.end(this.#closeFrame(closing.code));
    closing.done();
  }
}

/** Undefined while the header is not complete. */
function payloadLength(header: readonly number[]): number | undefined {
  const second = header[1];
  if (second === undefined) return undefined;
  const short = second & 0x7f;
  const extra = short === 126 ? 2 : short === 127 ? 8 : 0;
  const mask = (second & 0x80) === 0 ? 0 : 4;
  if (header.length < 2 + extra + mask) return undefined;
  if (extra === 0) return short;
  return header.slice(2, 2 + extra).reduce((length, byte) => length * 256 + byte, 0);
}

/** A client's frames are masked; a mask of zeros is a mask. */
function closeFrame(code: number, masked: boolean): Buffer {
  const payload = [code >> 8, code & 0xff];
  return Buffer.from(masked ? [0x88, 0x82, 0, 0, 0, 0, ...payload] : [0x88, 0x02, ...payload]);
}
