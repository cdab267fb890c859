import { MatapaloError } from '#kernel/errors.ts';
import type { Codec } from '#plan/mapping/carried-types.ts';
import { kindNull, kindText, kindUnchanged } from '../tuple.ts';
import type { Layout, LayoutColumn } from './layout.ts';
import { afterString, afterValue, afterWord, digitsAt, startsWith } from './scan.ts';
import { isUnchangedArray, type Unchanged } from './unchanged.ts';
import { dateText, hstoreText, numericText, stringArrayText, timestampText, timeText } from './value-text.ts';

const quote = 0x22;
const backslash = 0x5c;
const chunkBytes = 256 * 1024;

/**
 * Writes JSON rows as tuples (tuple.ts): text by text, into chunks that are never written again. A string without escapes and a
 * number are copied as they are; the rest is rare.
 */
export class RowTranscriber {
  readonly #unchanged: Unchanged;
  readonly #placeholder: Buffer;
  /** The chunk that is being filled: rows of one change lie in the same. */
  bytes: Buffer = Buffer.allocUnsafeSlow(chunkBytes);
  #to = 0;
  /** Where reading stands, after a value. */
  #at = 0;

  constructor(unchanged: Unchanged) {
    this.#unchanged = unchanged;
    this.#placeholder = Buffer.from(unchanged.text);
  }

  /** Room for the rows of one event, so that they lie in one chunk: a value's text is hardly longer than its JSON. */
  reserve(jsonBytes: number, columns: number): void {
    const need = jsonBytes + 64 * columns + 64;
    if (this.bytes.length - this.#to >= need) return;
    this.bytes = Buffer.allocUnsafeSlow(Math.max(chunkBytes, need));
    this.#to = 0;
  }

  /** Takes a tuple along that lies in an older chunk. Returns its offset. */
  carry(tuple: Buffer): number {
    const at = this.#to;
    tuple.copy(this.bytes, at);
    this.#to += tuple.length;
    return at;
  }

  get end(): number {
    return this.#to;
  }

  /**
   * The row object at `at`. Returns the tuple's offset, or -1 where its keys are not the layout's or a value is not of its
   * column's type: then the table has changed. `partial` allows placeholders of unchanged values.
   */
  row(from: Buffer, at: number, layout: Layout, partial: boolean): number {
    const { columns } = layout;
    const start = this.#to;
    const out = this.bytes;
    out[start] = columns.length >> 8;
    out[start + 1] = columns.length & 255;
    this.#to = start + 2;
    this.#at = at + 1;
    for (let i = 0; i < columns.length; i++) {
      const column = columns[i]!;
      if (!startsWith(from, this.#at, column.key)) return this.#fail(start);
      this.#at += column.key.length;
      if (from[this.#at] === 0x6e) {
        this.#at += 4;
        out[this.#to++] = kindNull;
      } else if (column.codec === undefined) {
        if (column.refused !== undefined) throw refusal(layout, column, column.refused);
        this.#at = afterValue(from, this.#at);
        out[this.#to++] = kindNull;
      } else if (!this.#value(from, column, column.codec, partial)) return this.#fail(start);
      // , or, after the last, }
      if (from[this.#at] !== (i === columns.length - 1 ? 0x7d : 0x2c)) return this.#fail(start);
      this.#at++;
    }
    return start;
  }

  #fail(start: number): number {
    this.#to = start;
    return -1;
  }

  #value(from: Buffer, column: LayoutColumn, codec: Codec, partial: boolean): boolean {
    const isString = from[this.#at] === quote;
    switch (codec) {
      case 'string':
        return isString && this.#string(from, partial);
      case 'integer':
        return !isString && this.#word(from);
      case 'float':
        return isString ? this.#string(from, false) : this.#word(from);
      case 'boolean':
        return !isString && this.#word(from);
      case 'bit':
        return this.#text(from[this.#at] === 0x74 ? '1' : '0', afterWord(from, this.#at));
      case 'point':
        return this.#point(from);
      case 'integer-array':
      case 'string-array':
        return this.#array(from, codec, partial);
      case 'numeric':
        // What does not begin with a digit or a sign is NAN, an infinity or a placeholder.
        return (
          isString &&
          (from[this.#at + 1]! <= 0x39
            ? this.#string(from, partial)
            : this.#translated(from, column, codec, partial))
        );
      case 'timestamp':
      case 'timestamptz':
        return isString && (this.#timestamp(from, codec) || this.#translated(from, column, codec, partial));
      case 'bytea':
      case 'hex-text':
        return isString && this.#hex(from, codec, partial);
      default:
        return isString && this.#translated(from, column, codec, partial);
    }
  }

  /** A string as it is. */
  #string(from: Buffer, partial: boolean): boolean {
    const out = this.bytes;
    const start = this.#to;
    let to = start + 5;
    let i = this.#at + 1;
    for (let byte = from[i]!; byte !== quote; byte = from[++i]!) {
      if (byte === backslash) return this.#escaped(from, partial);
      out[to++] = byte;
    }
    this.#at = i + 1;
    const length = to - start - 5;
    if (partial && length === this.#placeholder.length && startsWith(out, start + 5, this.#placeholder)) {
      out[start] = kindUnchanged;
      this.#to = start + 1;
      return true;
    }
    out[start] = kindText;
    out.writeInt32BE(length, start + 1);
    this.#to = to;
    return true;
  }

  #escaped(from: Buffer, partial: boolean): boolean {
    const end = afterString(from, this.#at);
    const text = JSON.parse(from.toString('utf8', this.#at, end)) as string;
    if (partial && text === this.#unchanged.text) return this.#leave(end);
    return this.#text(text, end);
  }

  #word(from: Buffer): boolean {
    const end = afterWord(from, this.#at);
    const out = this.bytes;
    let to = this.#to;
    const length = end - this.#at;
    out[to] = kindText;
    out[to + 1] = 0;
    out[to + 2] = 0;
    out[to + 3] = length >> 8;
    out[to + 4] = length & 255;
    to += 5;
    for (let i = this.#at; i < end; i++) out[to++] = from[i]!;
    this.#to = to;
    this.#at = end;
    return true;
  }

  #translated(from: Buffer, column: LayoutColumn, codec: Codec, partial: boolean): boolean {
    const end = afterString(from, this.#at);
    const json = from.toString('utf8', this.#at, end);
    const text = JSON.parse(json) as string;
    if (partial && (text === this.#unchanged.text || json === this.#unchanged.forms[codec]))
      return this.#leave(end);
    const value = translate(text, codec);
    return value !== undefined && this.#text(value, end);
  }

  /** The usual form, `2024-02-29T23:59:59.5Z`, by its bytes; false, and nothing done, for any other. */
  #timestamp(from: Buffer, codec: Codec): boolean {
    const start = this.#at + 1;
    if (from[start]! < 0x30 || from[start]! > 0x39 || from[start + 4] !== 0x2d || from[start + 10] !== 0x54)
      return false;
    // Year 0 is another era.
    if (from[start] === 0x30 && digitsAt(from, start) === 0) return false;
    let end = start + 19;
    while (from[end] !== quote && end < start + 32) end++;
    if (from[end] !== quote || from[end - 1] !== 0x5a) return false;
    let last = end - 1;
    if (from[start + 19] === 0x2e) {
      while (from[last - 1] === 0x30) last--;
      if (from[last - 1] === 0x2e) last--;
    } else if (last !== start + 19) return false;
    const out = this.bytes;
    let to = this.#to + 5;
    for (let i = start; i < last; i++) out[to++] = i === start + 10 ? 0x20 : from[i]!;
    if (codec === 'timestamptz') {
      out[to++] = 0x2b;
      out[to++] = 0x30;
      out[to++] = 0x30;
    }
    out[this.#to] = kindText;
    out.writeInt32BE(to - this.#to - 5, this.#to + 1);
    this.#to = to;
    this.#at = end + 1;
    return true;
  }

  #hex(from: Buffer, codec: Codec, partial: boolean): boolean {
    const end = afterString(from, this.#at);
    const text = from.toString('latin1', this.#at + 1, end - 1);
    if (partial && text === this.#unchanged.text) return this.#leave(end);
    if (!/^[0-9a-f]*$/.test(text)) return false;
    return this.#text(codec === 'bytea' ? `\\x${text}` : Buffer.from(text, 'hex').toString('utf8'), end);
  }

  #array(from: Buffer, codec: Codec, partial: boolean): boolean {
    const end = afterValue(from, this.#at);
    const json = from.toString('utf8', this.#at, end);
    if (!json.startsWith('[')) return false;
    if (partial && (json === this.#unchanged.forms[codec] || isUnchangedArray(json, this.#unchanged)))
      return this.#leave(end);
    const text =
      codec === 'integer-array' ? `{${json.slice(1, -1).replaceAll('null', 'NULL')}}` : stringArrayText(json);
    return text !== undefined && this.#text(text, end);
  }

  /** `{"x":1.5,"y":-2.0,...}` */
  #point(from: Buffer): boolean {
    const end = afterValue(from, this.#at);
    const parts = /^\{"x":([^,]+),"y":([^,]+),/.exec(from.toString('utf8', this.#at, end));
    return parts !== null && this.#text(`(${parts[1]},${parts[2]})`, end);
  }

  #leave(end: number): boolean {
    this.bytes[this.#to++] = kindUnchanged;
    this.#at = end;
    return true;
  }

  #text(text: string, end: number): boolean {
    const out = this.bytes;
    const length = out.write(text, this.#to + 5, 'utf8');
    out[this.#to] = kindText;
    out.writeInt32BE(length, this.#to + 1);
    this.#to += 5 + length;
    this.#at = end;
    return true;
  }
}

function translate(text: string, codec: Codec): string | undefined {
  switch (codec) {
    case 'numeric':
      return numericText(text);
    case 'date':
      return dateText(text);
    case 'time':
      return timeText(text);
    case 'timestamp':
      return timestampText(text, false);
    case 'timestamptz':
      return timestampText(text, true);
    case 'hstore':
      return hstoreText(text);
    default:
      return text;
  }
}

function refusal(layout: Layout, column: LayoutColumn, what: string): MatapaloError {
  const { schema, table } = layout.relation;
  return new MatapaloError(
    'group-stopped',
    `Column "${column.name}" of ${schema}.${table} is ${what}: the transport debezium does not carry it exactly.`,
    { hint: `Leave it out of the mapping, or use the transport direct.` },
  );
}
