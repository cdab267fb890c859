import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LogOrder, type EventKind, type LogEvent } from './log-order.ts';

type Entry = { event: LogEvent; id: string } | { end: number; xid: number };

/** Transactions in commit order whose LSNs interleave; some events share one, as rows of a COPY do. */
const history = fc
  .array(
    fc.array(fc.record({ step: fc.integer({ min: 1, max: 9 }), copied: fc.integer({ min: 0, max: 2 }) }), {
      minLength: 0,
      maxLength: 5,
    }),
    { minLength: 1, maxLength: 6 },
  )
  .map((transactions) => {
    const entries: Entry[] = [];
    let end: number | undefined;
    transactions.forEach((steps, i) => {
      const xid = 100 + i;
      // A transaction may have begun long before the one before it ended.
      let lsn = Math.max(1, (end ?? 40) - 30);
      steps.forEach(({ step, copied }, e) => {
        lsn += step;
        const kind: EventKind = copied > 0 ? 'insert' : 'update';
        for (let c = 0; c <= copied; c++) {
          entries.push({ event: { floor: end, lsn, xid, kind }, id: `${i}.${e}.${c}` });
        }
      });
      end = Math.max(lsn, (end ?? 40) + 1) + 5;
      entries.push({ end, xid });
    });
    return entries;
  });

/** What Connect writes of it when it crashes: after each run it begins again somewhere in what it had written. */
function written(entries: Entry[], crashes: readonly { after: number; back: number }[]): Entry[] {
  const log: Entry[] = [];
  let from = 0;
  for (const { after, back } of crashes) {
    const to = Math.min(entries.length, from + after);
    log.push(...entries.slice(from, to));
    from = Math.max(0, to - back);
    // Ends of transactions before the one it begins in are written too, without their events.
    log.push(...entries.slice(Math.max(0, from - 6), from).filter((entry) => 'end' in entry));
  }
  return [...log, ...entries.slice(from)];
}

const crashes = fc.array(fc.record({ after: fc.nat(12), back: fc.nat(12) }), { maxLength: 4 });

describe('a topic with repetitions', () => {
  it('yields every event in order, and none twice but rows of the COPY record that was last', () => {
    fc.assert(
      fc.property(history, crashes, fc.array(fc.boolean()), (entries, faults, restarts) => {
        let order = new LogOrder();
        let anchor: { open?: LogEvent; end: number } = { end: 0 };
        const seen: string[] = [];
        const repeated: string[] = [];
        let last: LogEvent | undefined;
        for (const [i, entry] of written(entries, faults).entries()) {
          // The reader is started again at what it had accepted last.
          if (restarts[i] === true) order = new LogOrder(anchor.end, anchor.open);
          if ('end' in entry) {
            if (order.ends(entry.xid, entry.end)) {
              anchor = { end: entry.end };
              last = undefined;
            }
            continue;
          }
          if (order.event(entry.event) === 'repeated') continue;
          anchor = { end: entry.event.floor ?? 0, open: entry.event };
          if (seen.includes(entry.id)) {
            repeated.push(entry.id);
            expect(entry.event.kind).toBe('insert');
            expect(entry.event.lsn).toBe(last?.lsn);
          } else seen.push(entry.id);
          last = entry.event;
        }
        expect(seen).toEqual(entries.flatMap((entry) => ('id' in entry ? [entry.id] : [])));
        expect(order.open).toBe(false);
      }),
      { numRuns: 2_000 },
    );
  });

  it('stops where a transaction is missing', () => {
    fc.assert(
      fc.property(history, fc.nat(), (entries, pick) => {
        const ends = entries.filter((entry) => 'end' in entry);
        fc.pre(ends.length >= 3);
        // Neither the first, whose floor nobody knows, nor the last, which nothing follows.
        const gone = ends[1 + (pick % (ends.length - 2))];
        const xid = gone && 'end' in gone ? gone.xid : 0;
        const left = entries.filter((entry) => ('end' in entry ? entry.xid : entry.event.xid) !== xid);
        const next = left.findIndex((entry) => ('end' in entry ? entry.xid : entry.event.xid) > xid);
        // One without events does not say what it follows.
        fc.pre(left[next] !== undefined && 'event' in left[next]);
        const order = new LogOrder();
        expect(() => {
          for (const entry of left) {
            if ('end' in entry) order.ends(entry.xid, entry.end);
            else order.event(entry.event);
          }
        }).toThrow('gap');
      }),
    );
  });

  it('stops at half a change of key', () => {
    const order = new LogOrder(10);
    order.event({ floor: 10, lsn: 20, xid: 1, kind: 'key-change-old' });
    expect(() => order.event({ floor: 10, lsn: 21, xid: 1, kind: 'insert' })).toThrow('half');
    expect(() =>
      new LogOrder(10, { floor: 10, lsn: 20, xid: 1, kind: 'key-change-old' }).ends(1, 30),
    ).toThrow('half');
  });

  it('takes a pair once, also when it is written again', () => {
    const order = new LogOrder(10);
    const old = { floor: 10, lsn: 20, xid: 1, kind: 'key-change-old' as const };
    const now = { ...old, kind: 'key-change-new' as const };
    expect([old, old, now, old, now].map((event) => order.event(event))).toEqual([
      'first',
      'next',
      'next',
      'repeated',
      'repeated',
    ]);
  });

  it('stops where Connect has lost its offsets, and repeats without harm where it had none yet', () => {
    const first = { floor: undefined, lsn: 5, xid: 1, kind: 'update' as const };
    const order = new LogOrder();
    order.event(first);
    order.ends(1, 9);
    expect(order.event(first)).toBe('repeated');
    expect(order.ends(1, 9)).toBe(false);
    expect(order.event({ ...first, xid: 2, lsn: 7 })).toBe('repeated');
    expect(() => order.ends(2, 12)).toThrow('offsets');
  });

  it('goes on after a logical message outside of transactions', () => {
    const order = new LogOrder(10);
    order.loneMessage(15);
    expect(order.event({ floor: 15, lsn: 20, xid: 1, kind: 'update' })).toBe('first');
  });
});
