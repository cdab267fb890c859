import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { columnOrder } from './key-order.ts';
import { parseSnapshot, sees } from './range-filter.ts';
import { remainingRanges, type KeyRange } from './ranges.ts';

const compare = (a: string, b: string) => Number(BigInt(a) - BigInt(b));
const inside = (range: KeyRange, key: number) =>
  (range.from === undefined || Number(range.from) < key) &&
  (range.to === undefined || key <= Number(range.to));

describe('remaining ranges', () => {
  it('and the done ones hold every key exactly once, wherever a copy was interrupted', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.integer({ min: -50, max: 50 }), { maxLength: 8 }),
        fc.uniqueArray(fc.integer({ min: -50, max: 50 }), { maxLength: 8 }),
        fc.array(fc.boolean(), { minLength: 9, maxLength: 9 }),
        fc.integer({ min: -60, max: 60 }),
        (first, second, finished, key) => {
          const cuts = (list: number[]) => list.sort((a, b) => a - b).map(String);
          const planned = remainingRanges([], cuts(first), compare);
          const done = planned.filter((_, index) => finished[index]);
          const rest = remainingRanges(done, cuts(second), compare);
          expect([...done, ...rest].filter((range) => inside(range, key))).toHaveLength(1);
        },
      ),
    );
  });

  it('are none once all is done', () => {
    expect(remainingRanges([{ from: undefined, to: undefined }], ['5'], compare)).toEqual([]);
    expect(
      remainingRanges(
        [
          { from: '5', to: undefined },
          { from: undefined, to: '5' },
        ],
        [],
        compare,
      ),
    ).toEqual([]);
  });
});

describe('a snapshot', () => {
  it('sees what had ended before it, whatever the epoch of the 64-bit id', () => {
    fc.assert(
      fc.property(
        fc.bigInt({ min: 3n, max: 2n ** 40n }),
        fc.integer({ min: 0, max: 1_000 }),
        fc.integer({ min: -2_000, max: 2_000 }),
        fc.boolean(),
        (xmin, width, offset, running) => {
          const xmax = xmin + BigInt(width);
          const xid = xmin + BigInt(offset);
          if (xid < 3n) return;
          const open = running && xid >= xmin && xid < xmax;
          const snapshot = parseSnapshot(`${xmin}:${xmax}:${open ? xid : ''}`);
          expect(sees(snapshot, Number(xid & 0xffff_ffffn))).toBe(xid < xmax && !open);
        },
      ),
    );
  });
});

describe('key order', () => {
  const column = {
    name: 'k',
    type: '',
    typeKind: 'b',
    collatable: true,
    notNull: true,
    hasDefault: false,
    generated: false,
    identity: '',
  };
  it('is of bytes for text, as COLLATE "C": U+FFFF before U+1F600', () => {
    const order = columnOrder({ ...column, typeOid: 25 });
    expect(order?.compare('\uffff', '\u{1f600}')).toBeLessThan(0);
  });
  it('is exact for bigint beyond 2^53', () => {
    const order = columnOrder({ ...column, typeOid: 20 });
    expect(order?.compare('9007199254740993', '9007199254740992')).toBeGreaterThan(0);
  });
  it('is unknown for types that sort by a rule of the server', () => {
    expect(columnOrder({ ...column, typeOid: 1700 })).toBeUndefined();
  });
});
