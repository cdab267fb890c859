import { int32At, kindText } from '../capture/tuple.ts';

/**
 * A `text[]` parameter in PostgreSQL's binary format, filled field by field. A field's length and text are the same bytes in a
 * pgoutput tuple and in the array, so values are copied, never decoded. The buffer is used again for the next batch.
 */
export class ColumnArray {
  #bytes = Buffer.allocUnsafe(4_096);
  #at = 20;
  #count = 0;
  #hasNull = false;

  reset(): void {
    this.#at = 20;
    this.#count = 0;
    this.#hasNull = false;
    // One huge batch shall not keep its memory for ever.
    if (this.#bytes.length > 4 * 1024 * 1024) this.#bytes = Buffer.allocUnsafe(4_096);
  }

  get count(): number {
    return this.#count;
  }

  /** Appends the tuple's field at `fieldAt`; NULL, and a value that was not sent, become NULL. */
  push(from: Buffer, fieldAt: number): void {
    this.#count++;
    if (from[fieldAt] !== kindText) return this.#pushNull();
    const size = 4 + int32At(from, fieldAt + 1);
    let at = this.#at;
    if (at + size > this.#bytes.length) this.#grow(size);
    const bytes = this.#bytes;
    let source = fieldAt + 1;
    if (size <= 28) {
      // A call into C++ costs more than some bytes.
      const end = at + size;
      while (at < end) bytes[at++] = from[source++]!;
    } else {
      from.copy(bytes, at, source, source + size);
      at += size;
    }
    this.#at = at;
  }

  #pushNull(): void {
    if (this.#at + 4 > this.#bytes.length) this.#grow(4);
    this.#bytes.fill(0xff, this.#at, this.#at + 4);
    this.#at += 4;
    this.#hasNull = true;
  }

  #grow(size: number): void {
    const larger = Buffer.allocUnsafe(Math.max(this.#bytes.length * 2, this.#at + size));
    this.#bytes.copy(larger, 0, 0, this.#at);
    this.#bytes = larger;
  }

  /** The parameter: dimensions, null flag, type oid of text, length, lower bound, elements. */
  value(): Buffer {
    const bytes = this.#bytes;
    bytes.writeInt32BE(this.#count === 0 ? 0 : 1, 0);
    bytes.writeInt32BE(this.#hasNull ? 1 : 0, 4);
    bytes.writeInt32BE(25, 8);
    bytes.writeInt32BE(this.#count, 12);
    bytes.writeInt32BE(1, 16);
    return bytes.subarray(0, this.#count === 0 ? 12 : this.#at);
  }
}
