import { MatapaloError } from '#kernel/errors.ts';
import type { CaptureSink, Position, Relation, RowChange } from '../capture.ts';
import { int32At, tupleEnd } from '../tuple.ts';
import { postgresEpochMicros } from './replication-connection.ts';

const noRelation: Relation = { id: 0, schema: '', table: '', replicaIdentity: 'd', columns: [] };

/**
 * pgoutput's messages (protocol version 2, no streaming of open transactions) to calls of a sink. Values are not looked
 * at. Changes that the checkpoint already covers are counted and left out.
 */
export class Decoder {
  readonly #sink: CaptureSink;
  readonly #from: Position;
  readonly #relations = new Map<number, Relation>();
  #minor = 0;
  #skipBelow = 0;
  #skipTransaction = false;
  readonly #change: RowChange = {
    op: 'insert',
    relation: noRelation,
    bytes: Buffer.alloc(0),
    newAt: -1,
    oldAt: -1,
  };

  constructor(from: Position, sink: CaptureSink) {
    this.#from = from;
    this.#sink = sink;
  }

  message(bytes: Buffer, start: number, end: number): void {
    switch (bytes[start]) {
      case 0x55: // U
        return this.#row('update', bytes, start);
      case 0x49: // I
        return this.#row('insert', bytes, start);
      case 0x44: // D
        return this.#row('delete', bytes, start);
      case 0x42: // B
        return this.#begin(bytes, start);
      case 0x43: // C
        if (!this.#skipTransaction) this.#sink.commit({ major: bytes.readBigUInt64BE(start + 10), minor: 0 });
        return;
      case 0x52: // R
        return this.#relation(bytes, start + 1);
      case 0x54: // T
        return this.#truncate(bytes, start);
      case 0x59: // Y: a type's name
      case 0x4f: // O: origin
      case 0x4d: // M: message
        return;
      default:
        throw new MatapaloError(
          'internal',
          `The stream has a message of unknown type ${bytes[start]} (${end - start} bytes).`,
        );
    }
  }

  #begin(bytes: Buffer, start: number): void {
    const major = bytes.readBigUInt64BE(start + 1);
    this.#minor = 0;
    this.#skipTransaction = major < this.#from.major;
    this.#skipBelow = major === this.#from.major ? this.#from.minor : 0;
    if (this.#skipTransaction) return;
    const micros = bytes.readBigInt64BE(start + 9) + postgresEpochMicros;
    this.#sink.begin({
      major,
      xid: bytes.readUInt32BE(start + 17),
      committedAtMs: Number(micros) / 1_000,
      receivedAtMs: Date.now(),
    });
  }

  #row(op: RowChange['op'], bytes: Buffer, start: number): void {
    const minor = this.#minor++;
    if (this.#skipTransaction || minor < this.#skipBelow) return;
    const change = this.#change;
    change.op = op;
    change.bytes = bytes;
    const id = int32At(bytes, start + 1) >>> 0;
    if (id !== change.relation.id) change.relation = this.#relationOf(id);
    // 'N' new row; 'K' old key or 'O' old row, then, for an update, 'N'.
    if (bytes[start + 5] === 0x4e) {
      change.oldAt = -1;
      change.newAt = start + 6;
    } else {
      change.oldAt = start + 6;
      change.newAt = op === 'delete' ? -1 : tupleEnd(bytes, start + 6) + 1;
    }
    this.#sink.change(change, minor);
  }

  #truncate(bytes: Buffer, start: number): void {
    const minor = this.#minor++;
    if (this.#skipTransaction || minor < this.#skipBelow) return;
    const count = bytes.readUInt32BE(start + 1);
    const relations: Relation[] = [];
    for (let i = 0; i < count; i++) relations.push(this.#relationOf(bytes.readUInt32BE(start + 6 + 4 * i)));
    this.#sink.truncate(relations, minor);
  }

  #relationOf(id: number): Relation {
    const relation = this.#relations.get(id);
    if (relation === undefined)
      throw new MatapaloError('internal', `The stream uses table ${id} before describing it.`);
    return relation;
  }

  #relation(bytes: Buffer, start: number): void {
    let at = start + 4;
    const text = () => {
      const end = bytes.indexOf(0, at);
      const value = bytes.toString('utf8', at, end);
      at = end + 1;
      return value;
    };
    const schema = text();
    const table = text();
    const replicaIdentity = String.fromCharCode(bytes[at++]!);
    const count = bytes.readUInt16BE(at);
    at += 2;
    const columns: Relation['columns'][number][] = [];
    for (let i = 0; i < count; i++) {
      const identity = (bytes[at++]! & 1) === 1;
      const name = text();
      columns.push({
        name,
        identity,
        typeOid: bytes.readUInt32BE(at),
        typeModifier: bytes.readInt32BE(at + 4),
      });
      at += 8;
    }
    const id = bytes.readUInt32BE(start);
    // Its layout may be a new one.
    this.#change.relation = noRelation;
    this.#relations.set(id, { id, schema, table, replicaIdentity, columns });
  }
}
