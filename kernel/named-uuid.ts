import { createHash } from 'node:crypto';

/**
 * A UUID (version 8) that is a function of its name alone: a step that runs again names the same thing again. The sample's
 * monolith makes the same of a name, so that what it began is not begun a second time after its tables have moved.
 */
export function namedUuid(name: string): string {
  const bytes = createHash('sha256').update(`shop/${name}`).digest().subarray(0, 16);
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x80;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
