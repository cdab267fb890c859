import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';

/**
 * A request's body for undici, with back-pressure. undici destroys a body whose upstream answered early or broke, and cuts
 * an IncomingMessage off its socket in doing so: what is left of the body could then neither be read nor dropped, and the
 * client's connection would hang. It gets this instead; the request stays ours.
 */
export class BodyFeed extends Readable {
  readonly #request: IncomingMessage;
  readonly #onData = (chunk: Buffer): void => {
    if (!this.push(chunk)) this.#request.pause();
  };
  readonly #onEnd = (): void => {
    this.push(null);
  };
  readonly #onClose = (): void => {
    // A client that left in the middle: the upstream must not take what came for a whole body.
    if (!this.#request.complete) this.destroy(new Error('The client left in the middle of its body.'));
  };

  constructor(request: IncomingMessage) {
    super({ highWaterMark: 64 * 1024 });
    this.#request = request;
    request.on('data', this.#onData).on('end', this.#onEnd).on('close', this.#onClose);
    request.pause();
  }

  override _read(): void {
    this.#request.resume();
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#request.off('data', this.#onData).off('end', this.#onEnd).off('close', this.#onClose);
    // Node drops a body that nobody reads once the answer is out; until then the client waits.
    this.#request.pause();
    done(error);
  }
}
