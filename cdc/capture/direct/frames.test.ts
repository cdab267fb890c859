import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeTuple, fieldOffsets, textAt, tupleEnd } from '../tuple.ts';
import { FrameSplitter } from './frames.ts';

function frame(type: number, body: Uint8Array): Buffer {
  const head = Buffer.alloc(5);
  head[0] = type;
  head.writeUInt32BE(4 + body.length, 1);
  return Buffer.concat([head, body]);
}

describe('the splitter', () => {
  it('hands over the same messages wherever the stream is cut, and never writes on what it handed over', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.integer({ min: 1, max: 255 }), fc.uint8Array({ maxLength: 40 })), {
          maxLength: 20,
        }),
        fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1, maxLength: 50 }),
        (messages, cuts) => {
          const stream = Buffer.concat(messages.map(([type, body]) => frame(type, body)));
          const seen: { type: number; bytes: Buffer; start: number; end: number }[] = [];
          const splitter = new FrameSplitter((type, bytes, start, end) =>
            seen.push({ type, bytes, start, end }),
          );
          for (let at = 0, i = 0; at < stream.length; i++) {
            const size = cuts[i % cuts.length] ?? 1;
            splitter.push(Buffer.from(stream.subarray(at, at + size)));
            at += size;
          }
          // Looked at only now: what was handed over first must still be there.
          expect(seen.map(({ type, bytes, start, end }) => [type, [...bytes.subarray(start, end)]])).toEqual(
            messages.map(([type, body]) => [type, [...body]]),
          );
        },
      ),
    );
  });
});

describe('a tuple', () => {
  it('gives back every text, NULL and unsent value, and knows its end', () => {
    const value = fc.oneof(fc.string({ unit: 'grapheme' }), fc.constant(null), fc.constant(undefined));
    fc.assert(
      fc.property(fc.array(value, { maxLength: 300 }), (values) => {
        const bytes = encodeTuple(values);
        const fields: number[] = [];
        expect(fieldOffsets(bytes, 0, fields)).toBe(bytes.length);
        expect(tupleEnd(bytes, 0)).toBe(bytes.length);
        expect(fields.map((at) => textAt(bytes, at))).toEqual(values);
      }),
    );
  });
});
