import { MatapaloError } from '#kernel/errors.ts';
import type { EventKind } from './log-order.ts';
import { afterString, afterValue, digitsAt, startsWith } from './scan.ts';

/** A record of the topic, as far as it must be read to know what it is. One object, used again for the next. */
export interface Envelope {
  what: 'row' | 'begin' | 'end' | 'other';
  kind: EventKind;
  schema: string;
  table: string;
  floor: number | undefined;
  lsn: number;
  /** 0 where there is none: a message outside of transactions. */
  xid: number;
  committedAtMs: number;
  /** Offsets of the old and the new row's objects; -1 where they are null. */
  beforeAt: number;
  afterAt: number;
}

export interface Headers {
  newKey: boolean;
  oldKey: boolean;
}

const startOfRow = Buffer.from('{"before":');
const startOfStatus = Buffer.from('{"status":');
const afterKey = Buffer.from(',"after":');
const sourceKey = Buffer.from('"source":{');
const opKey = Buffer.from('"op":"');
const null_ = 0x6e;

const names = new Map<string, string>();

/** Short texts that come again and again, without making a string each time. */
class Text {
  #bytes: Buffer = Buffer.alloc(0);
  #text = '';

  at(bytes: Buffer, start: number, end: number): string {
    if (this.#bytes.length !== end - start || !startsWith(bytes, start, this.#bytes)) {
      this.#bytes = Buffer.from(bytes.subarray(start, end));
      const text = JSON.parse(`"${this.#bytes.toString('utf8')}"`) as string;
      const known = names.get(text);
      if (known === undefined) names.set(text, text);
      this.#text = known ?? text;
    }
    return this.#text;
  }
}

export class EnvelopeReader {
  readonly envelope: Envelope = {
    what: 'other',
    kind: 'insert',
    schema: '',
    table: '',
    floor: undefined,
    lsn: 0,
    xid: 0,
    committedAtMs: 0,
    beforeAt: -1,
    afterAt: -1,
  };
  readonly #schema = new Text();
  readonly #table = new Text();

  /** Reads what a record is; row objects are left where they lie. */
  read(bytes: Buffer, headers: Headers): Envelope {
    const envelope = this.envelope;
    if (startsWith(bytes, 0, startOfRow)) this.#row(bytes, headers);
    else if (startsWith(bytes, 0, startOfStatus)) this.#status(bytes);
    else envelope.what = bytes.includes('"op":"m"') ? this.#message(bytes) : 'other';
    return envelope;
  }

  #row(bytes: Buffer, headers: Headers): void {
    const envelope = this.envelope;
    envelope.what = 'row';
    let at = startOfRow.length;
    envelope.beforeAt = bytes[at] === null_ ? -1 : at;
    at = bytes[at] === null_ ? at + 4 : afterValue(bytes, at);
    if (!startsWith(bytes, at, afterKey)) throw unknown(bytes);
    at += afterKey.length;
    envelope.afterAt = bytes[at] === null_ ? -1 : at;
    // Quotes inside of strings are escaped, so the last such key is the envelope's own.
    const source = bytes.lastIndexOf(sourceKey);
    if (source < at) throw unknown(bytes);
    const end = this.#source(bytes, source + sourceKey.length);
    const op = bytes.indexOf(opKey, end);
    envelope.kind = kindOf(bytes[op + opKey.length], headers, bytes);
  }

  #message(bytes: Buffer): 'row' | 'other' {
    const source = bytes.lastIndexOf(sourceKey);
    if (source < 0) return 'other';
    this.envelope.beforeAt = -1;
    this.envelope.afterAt = -1;
    this.envelope.kind = 'message';
    this.#source(bytes, source + sourceKey.length);
    return 'row';
  }

  /** Returns the offset after the source block. */
  #source(bytes: Buffer, start: number): number {
    const envelope = this.envelope;
    envelope.floor = undefined;
    envelope.xid = 0;
    let at = start;
    for (;;) {
      const keyAt = at + 1;
      const keyEnd = afterString(bytes, at) - 1;
      const valueAt = keyEnd + 2;
      const length = keyEnd - keyAt;
      const first = bytes[keyAt];
      const end = afterValue(bytes, valueAt);
      // schema, table, sequence, ts_us, txId, lsn: told by their first letters and lengths.
      if (length === 6 && first === 0x73) envelope.schema = this.#schema.at(bytes, valueAt + 1, end - 1);
      else if (length === 5 && first === 0x74 && bytes[keyAt + 1] === 0x61)
        envelope.table = this.#table.at(bytes, valueAt + 1, end - 1);
      else if (length === 8 && first === 0x73 && bytes[keyAt + 1] === 0x65) {
        // "[\"123\",\"456\"]", or "[null,\"456\"]"
        envelope.floor = bytes[valueAt + 2] === null_ ? undefined : digitsAt(bytes, valueAt + 4);
      } else if (length === 5 && first === 0x74 && bytes[keyAt + 3] === 0x75)
        envelope.committedAtMs = digitsAt(bytes, valueAt) / 1_000;
      else if (length === 4 && first === 0x74 && bytes[keyAt + 1] === 0x78)
        envelope.xid = bytes[valueAt] === null_ ? 0 : digitsAt(bytes, valueAt);
      else if (length === 3 && first === 0x6c) envelope.lsn = digitsAt(bytes, valueAt);
      if (bytes[end] !== 0x2c) {
        if (Number.isNaN(envelope.lsn) || Number.isNaN(envelope.floor) || Number.isNaN(envelope.xid))
          throw unknown(bytes);
        return end + 1;
      }
      at = end + 1;
    }
  }

  /** `{"status":"END","id":"xid:lsn",...,"ts_ms":...}` */
  #status(bytes: Buffer): void {
    const envelope = this.envelope;
    const status = JSON.parse(bytes.toString('utf8')) as { status: string; id: string; ts_ms: number };
    const [xid = '', lsn = ''] = status.id.split(':');
    envelope.what = status.status === 'END' ? 'end' : 'begin';
    envelope.xid = Number(xid);
    envelope.lsn = Number(lsn);
    envelope.committedAtMs = status.ts_ms;
    if (!Number.isSafeInteger(envelope.xid) || !Number.isSafeInteger(envelope.lsn)) throw unknown(bytes);
  }
}

function kindOf(op: number | undefined, headers: Headers, bytes: Buffer): EventKind {
  switch (op) {
    case 0x63: // c
      return headers.oldKey ? 'key-change-new' : 'insert';
    case 0x75: // u
      return 'update';
    case 0x64: // d
      return headers.newKey ? 'key-change-old' : 'delete';
    case 0x74: // t
      return 'truncate';
    case 0x6d: // m
      return 'message';
    default:
      throw unknown(bytes);
  }
}

function unknown(bytes: Buffer): MatapaloError {
  return new MatapaloError(
    'group-stopped',
    `The topic has an event that this version does not know: ${bytes.toString('utf8', 0, 120)}`,
    { hint: 'Run the Debezium version that the documentation names, with the settings of the tool.' },
  );
}
