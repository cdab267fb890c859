import type { IncomingHttpHeaders } from 'node:http';

/** Largest body that is compared. */
export const maxCapturedBytes = 256 * 1024;

/** Keeps the chunks of an answer as they pass, for a comparison afterwards; gives up on a large one. */
export class Capture {
  status = 0;
  headers: IncomingHttpHeaders = {};
  #chunks: Buffer[] = [];
  #bytes = 0;
  #tooLarge = false;

  begin(status: number, headers: IncomingHttpHeaders): void {
    this.status = status;
    this.headers = headers;
  }

  add(chunk: Buffer): void {
    if (this.#tooLarge) return;
    this.#bytes += chunk.length;
    if (this.#bytes > maxCapturedBytes) {
      this.#tooLarge = true;
      this.#chunks = [];
    } else this.#chunks.push(chunk);
  }

  /** Undefined when there was too much of it. */
  body(): Buffer | undefined {
    return this.#tooLarge ? undefined : Buffer.concat(this.#chunks);
  }
}
