import type { IncomingHttpHeaders } from 'node:http';

/** Largest body that is compared. */
export const maxCapturedBytes = 256 * 1024;

/** Keeps the chunks of an exchange as they pass, for a comparison afterwards; gives up on a large one. */
export class Capture {
  status = 0;
  headers: IncomingHttpHeaders = {};
  #chunks: Buffer[] = [];
  #sent: Buffer[] = [];
  /** Of both directions. */
  #bytes = 0;
  #tooLarge = false;

  begin(status: number, headers: IncomingHttpHeaders): void {
    this.status = status;
    this.headers = headers;
  }

  add(chunk: Buffer): void {
    if (this.#fits(chunk)) this.#chunks.push(chunk);
  }

  /** A chunk of the request: some reads are asked for with a body. */
  addSent(chunk: Buffer): void {
    if (this.#fits(chunk)) this.#sent.push(chunk);
  }

  sentBody(): Buffer | undefined {
    return this.#sent.length === 0 ? undefined : Buffer.concat(this.#sent);
  }

  #fits(chunk: Buffer): boolean {
    this.#bytes += chunk.length;
    if (this.#bytes <= maxCapturedBytes) return true;
    this.#tooLarge = true;
    this.#chunks = [];
    this.#sent = [];
    return false;
  }

  /** Undefined when there was too much of it. */
  body(): Buffer | undefined {
    return this.#tooLarge ? undefined : Buffer.concat(this.#chunks);
  }
}
