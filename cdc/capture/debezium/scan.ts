/**
 * The few steps through JSON that reading events needs, on the bytes themselves: JSON.parse would round numbers and make an object
 * and a string of everything that is not needed. The text is what Connect's JsonConverter writes (no white space).
 */
const quote = 0x22;
const backslash = 0x5c;

/** Offset after the string whose opening quote is at `at`. */
export function afterString(bytes: Buffer, at: number): number {
  let i = at + 1;
  for (;;) {
    const byte = bytes[i];
    if (byte === quote) return i + 1;
    if (byte === backslash) i++;
    else if (byte === undefined) throw broken(bytes);
    i++;
  }
}

/** Offset after the value that begins at `at`. */
export function afterValue(bytes: Buffer, at: number): number {
  const first = bytes[at];
  if (first === quote) return afterString(bytes, at);
  if (first === 0x7b || first === 0x5b) {
    let depth = 1;
    let i = at + 1;
    while (depth > 0) {
      const byte = bytes[i];
      if (byte === quote) {
        i = afterString(bytes, i);
        continue;
      }
      if (byte === 0x7b || byte === 0x5b) depth++;
      else if (byte === 0x7d || byte === 0x5d) depth--;
      else if (byte === undefined) throw broken(bytes);
      i++;
    }
    return i;
  }
  return afterWord(bytes, at);
}

/** Offset after a number, true, false or null. */
export function afterWord(bytes: Buffer, at: number): number {
  let i = at;
  for (;;) {
    const byte = bytes[i];
    // , ] }
    if (byte === 0x2c || byte === 0x5d || byte === 0x7d) return i;
    if (byte === undefined) throw broken(bytes);
    i++;
  }
}

/** A number of digits alone, as LSNs and ids are; NaN for anything else. */
export function digitsAt(bytes: Buffer, at: number): number {
  let value = 0;
  let i = at;
  for (let byte = bytes[i]!; byte >= 0x30 && byte <= 0x39; byte = bytes[++i]!)
    value = value * 10 + (byte - 0x30);
  return i === at || value > Number.MAX_SAFE_INTEGER ? NaN : value;
}

export function startsWith(bytes: Buffer, at: number, expected: Buffer): boolean {
  for (let i = 0; i < expected.length; i++) if (bytes[at + i] !== expected[i]) return false;
  return true;
}

function broken(bytes: Buffer): Error {
  return new Error(`Not a JSON event: ${bytes.toString('utf8', 0, 200)}`);
}
