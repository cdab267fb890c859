/**
 * Splits a server's byte stream into protocol messages (a type byte, an int32 length, the body) without copying: a
 * message inside one chunk is handed over in place; only one that straddles chunks is put together. Bytes handed over are
 * never written again, so that rows may stay in them until they are applied.
 */
export class FrameSplitter {
  readonly #onFrame: (type: number, bytes: Buffer, start: number, end: number) => void;
  /** Start of a message whose rest has not come yet. */
  #parts: Buffer[] = [];
  #have = 0;
  #need = 0;

  constructor(onFrame: (type: number, bytes: Buffer, start: number, end: number) => void) {
    this.#onFrame = onFrame;
  }

  push(chunk: Buffer): void {
    let at = 0;
    while (this.#have > 0) {
      if (this.#need === 0) {
        // The header itself was cut: five bytes tell the length.
        const take = Math.min(5 - this.#have, chunk.length - at);
        if (take > 0) this.#keep(chunk.subarray(at, at + take));
        at += take;
        if (this.#have < 5) return;
        const head = Buffer.concat(this.#parts);
        this.#parts = [head];
        this.#need = 1 + head.readUInt32BE(1);
      }
      const take = Math.min(this.#need - this.#have, chunk.length - at);
      if (take > 0) this.#keep(chunk.subarray(at, at + take));
      at += take;
      if (this.#have < this.#need) return;
      const whole = Buffer.concat(this.#parts);
      this.#parts = [];
      this.#have = 0;
      this.#need = 0;
      this.#onFrame(whole[0]!, whole, 5, whole.length);
    }
    while (at < chunk.length) {
      const left = chunk.length - at;
      const need = left < 5 ? 0 : 1 + chunk.readUInt32BE(at + 1);
      if (need === 0 || left < need) {
        this.#keep(chunk.subarray(at));
        this.#need = need;
        return;
      }
      this.#onFrame(chunk[at]!, chunk, at + 5, at + need);
      at += need;
    }
  }

  #keep(part: Buffer): void {
    this.#parts.push(part);
    this.#have += part.length;
  }
}
