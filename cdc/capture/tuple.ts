/**
 * A row as pgoutput writes it (TupleData): int16 number of columns, then per column a kind byte and, for text, an int32
 * length and so many bytes of the value's text in UTF-8. Every transport hands rows over in this form.
 */
export const kindNull = 0x6e;
/** A TOASTed value that the change did not touch: not sent. */
export const kindUnchanged = 0x75;
export const kindText = 0x74;

/** Where each column's field starts; `into` is reused. Returns the offset after the tuple. */
export function fieldOffsets(bytes: Buffer, tupleAt: number, into: number[]): number {
  const count = (bytes[tupleAt]! << 8) | bytes[tupleAt + 1]!;
  let at = tupleAt + 2;
  for (let i = 0; i < count; i++) {
    into[i] = at;
    at += bytes[at] === kindText ? 5 + int32At(bytes, at + 1) : 1;
  }
  into.length = count;
  return at;
}

/**
 * Where one column's field starts; negative (its complement) where some column of the tuple was not sent. The walk that every
 * change needs, without a list of all fields.
 */
export function fieldAt(bytes: Buffer, tupleAt: number, column: number): number {
  const count = (bytes[tupleAt]! << 8) | bytes[tupleAt + 1]!;
  let at = tupleAt + 2;
  let found = 0;
  let unsent = false;
  for (let i = 0; i < count; i++) {
    if (i === column) found = at;
    const kind = bytes[at];
    if (kind === kindText) at += 5 + int32At(bytes, at + 1);
    else {
      if (kind === kindUnchanged) unsent = true;
      at++;
    }
  }
  return unsent ? ~found : found;
}

export function tupleEnd(bytes: Buffer, tupleAt: number): number {
  const count = (bytes[tupleAt]! << 8) | bytes[tupleAt + 1]!;
  let at = tupleAt + 2;
  for (let i = 0; i < count; i++) at += bytes[at] === kindText ? 5 + int32At(bytes, at + 1) : 1;
  return at;
}

export function int32At(bytes: Buffer, at: number): number {
  return (bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!;
}

/** The value's text; null for NULL, undefined for an unchanged TOAST value. */
export function textAt(bytes: Buffer, fieldAt: number): string | null | undefined {
  const kind = bytes[fieldAt];
  if (kind === kindNull) return null;
  if (kind === kindUnchanged) return undefined;
  return bytes.toString('utf8', fieldAt + 5, fieldAt + 5 + int32At(bytes, fieldAt + 1));
}

/** A tuple from texts, for transports and tests that have values rather than bytes. */
export function encodeTuple(values: readonly (string | null | undefined)[]): Buffer {
  const parts: Buffer[] = [Buffer.from([values.length >> 8, values.length & 255])];
  for (const value of values) {
    if (value === null) parts.push(Buffer.from([kindNull]));
    else if (value === undefined) parts.push(Buffer.from([kindUnchanged]));
    else {
      const text = Buffer.from(value, 'utf8');
      const head = Buffer.alloc(5);
      head[0] = kindText;
      head.writeInt32BE(text.length, 1);
      parts.push(head, text);
    }
  }
  return Buffer.concat(parts);
}

/** True when the columns at `indexes` are byte for byte the same in two tuples given by their field offsets. */
export function sameFields(
  a: Buffer,
  aFields: readonly number[],
  b: Buffer,
  bFields: readonly number[],
  indexes: readonly number[],
): boolean {
  for (const index of indexes) {
    const aAt = aFields[index]!;
    const bAt = bFields[index]!;
    if (a[aAt] !== b[bAt]) return false;
    if (a[aAt] !== kindText) continue;
    const length = int32At(a, aAt + 1);
    if (length !== int32At(b, bAt + 1)) return false;
    if (a.compare(b, bAt + 5, bAt + 5 + length, aAt + 5, aAt + 5 + length) !== 0) return false;
  }
  return true;
}
