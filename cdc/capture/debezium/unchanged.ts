import { createHash } from 'node:crypto';
import type { Codec } from '#plan/mapping/carried-types.ts';

/**
 * How a TOASTed value that an update did not touch looks: Debezium writes the placeholder of its settings instead, in a form that
 * suits the column's type.
 */
export interface Unchanged {
  /** Of scalars: the string. */
  text: string;
  forms: Partial<Record<Codec, string>>;
}

export function unchangedForms(placeholder: string): Unchanged {
  return {
    text: placeholder,
    forms: {
      'integer-array': `[${[...Buffer.from(placeholder)].join(',')}]`,
      hstore: JSON.stringify(JSON.stringify({ [placeholder]: placeholder })),
    },
  };
}

/** Debezium's text arrays hold the placeholder; those of uuid a name-based UUID of it. */
export function isUnchangedArray(json: string, { text }: Unchanged): boolean {
  if (json === JSON.stringify([text])) return true;
  return json === JSON.stringify([nameBasedUuid(text)]);
}

function nameBasedUuid(name: string): string {
  const bytes = createHash('md5').update(name).digest();
  bytes[6] = (bytes[6]! & 0x0f) | 0x30;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
