import { describe, expect, it } from 'vitest';
import { carriedByDebezium } from '#plan/mapping/carried-types.ts';
import type { CaptureSink } from '../capture.ts';
import { fieldOffsets, textAt } from '../tuple.ts';
import { Decoder } from './decode.ts';
import { LogOrder } from './log-order.ts';
import type { ColumnFacts, TableFacts } from '#plan/mapping/carried-columns.ts';
import { unchangedForms } from './unchanged.ts';

const placeholder = '__not_sent';
const noHeaders = { newKey: false, oldKey: false };

function facts(types: Record<string, number>, key: readonly string[], replicaIdentity = 'd'): TableFacts {
  const columns = new Map<string, ColumnFacts>(
    Object.entries(types).map(([name, oid]) => [
      name,
      {
        typeOid: oid,
        typeModifier: -1,
        identity: replicaIdentity === 'f' || key.includes(name),
        carried: carriedByDebezium({ oid, kind: 'b', name: `type ${oid}`, builtIn: true, modifier: -1 }),
      },
    ]),
  );
  return { oid: 1, replicaIdentity, columns };
}

/** A decoder that writes down what it hands over. */
function decoding(table: TableFacts) {
  const calls: unknown[] = [];
  const row = (bytes: Buffer, at: number, names: readonly string[]) => {
    if (at < 0) return undefined;
    const fields: number[] = [];
    fieldOffsets(bytes, at, fields);
    return Object.fromEntries(names.map((name, i) => [name, textAt(bytes, fields[i] ?? -1)]));
  };
  const sink: CaptureSink = {
    begin: ({ major, xid }) => calls.push(['begin', Number(major), xid]),
    change: ({ op, relation, bytes, newAt, oldAt }, minor) => {
      const names = relation.columns.map((column) => column.name);
      calls.push([op, minor, row(bytes, oldAt, names), row(bytes, newAt, names)]);
    },
    truncate: (relations, minor) => calls.push(['truncate', minor, relations.map(({ table: name }) => name)]),
    commit: ({ major, minor }) => calls.push(['commit', Number(major), minor]),
    idle: () => undefined,
    ended: () => undefined,
  };
  const decoder = new Decoder(
    new LogOrder(),
    new Map([['public.item', new Set(table.columns.keys())]]),
    unchangedForms(placeholder),
    sink,
  );
  decoder.learn(new Map([['public.item', table]]));
  return { calls, decoder };
}

interface Source {
  floor?: number;
  lsn: number;
  xid?: number;
  op?: string;
}

/** An event as the connector writes it; rows are given as their JSON text. */
function event(before: string, after: string, { floor, lsn, xid = 7, op = 'c' }: Source): Buffer {
  const sequence = JSON.stringify(JSON.stringify([floor === undefined ? null : String(floor), String(lsn)]));
  return Buffer.from(
    `{"before":${before},"after":${after},"source":{"version":"3.7.0.Final","connector":"postgresql","name":"p","ts_ms":1795532128506,"snapshot":"false","db":"shop","sequence":${sequence},"ts_us":1795532128506121,"ts_ns":1795532128506121000,"schema":"public","table":"item","txId":${xid},"lsn":${lsn},"xmin":null,"origin":null,"origin_lsn":null},"transaction":{"id":"${xid}:${lsn}","total_order":1,"data_collection_order":1},"op":"${op}","ts_ms":1795532128566}`,
  );
}

const end = (lsn: number, xid = 7) =>
  Buffer.from(
    `{"status":"END","id":"${xid}:${lsn}","event_count":1,"data_collections":[],"ts_ms":1795532128506}`,
  );

describe('events of a topic', () => {
  const table = facts({ id: 20, name: 25, at: 1184 }, ['id']);
  const row = (id: string, name: string, at = '"2024-02-29T18:59:00.500000Z"') =>
    `{"id":${id},"name":${name},"at":${at}}`;

  it('become transactions of changes, with exact texts', () => {
    const { calls, decoder } = decoding(table);
    const text = String.raw`"tab\t \"source\":{ \\ \uD83D\uDE00 ü"`;
    decoder.record(1, event('null', row('9223372036854775807', text), { lsn: 10 }), noHeaders);
    decoder.record(2, event(row('1', 'null', 'null'), 'null', { lsn: 12, op: 'd' }), noHeaders);
    decoder.record(3, end(20), noHeaders);
    expect(calls).toEqual([
      ['begin', 0, 7],
      [
        'insert',
        1,
        undefined,
        { id: '9223372036854775807', name: 'tab\t "source":{ \\ 😀 ü', at: '2024-02-29 18:59:00.5+00' },
      ],
      ['delete', 2, { id: '1', name: null, at: null }, undefined],
      ['commit', 20, 4],
    ]);
  });

  it('pair a change of key, and leave out what was not sent', () => {
    const { calls, decoder } = decoding(table);
    const lsn = 10;
    decoder.record(1, event(row('1', 'null', 'null'), 'null', { lsn, op: 'd' }), {
      newKey: true,
      oldKey: false,
    });
    decoder.record(2, event('null', row('5', `"${placeholder}"`), { lsn }), { newKey: false, oldKey: true });
    expect(calls.at(-1)).toEqual([
      'update',
      2,
      { id: '1', name: null, at: null },
      { id: '5', name: undefined, at: '2024-02-29 18:59:00.5+00' },
    ]);
    // In a new row the same text is a text.
    decoder.record(3, event('null', row('6', `"${placeholder}"`), { lsn: 11 }), noHeaders);
    expect(calls.at(-1)).toMatchObject(['insert', 3, undefined, { name: placeholder }]);
  });

  it('ask for the catalog when a table has changed, once', () => {
    const { calls, decoder } = decoding(table);
    expect(decoder.record(1, event('null', row('1', '"a"'), { lsn: 10 }), noHeaders)).toBe(true);
    const wider = event('null', '{"id":2,"name":"b","extra":5,"at":null}', { lsn: 11 });
    expect(decoder.record(2, wider, noHeaders)).toBe(false);
    decoder.learn(new Map([['public.item', facts({ id: 20, name: 25, extra: 23, at: 1184 }, ['id'])]]));
    decoder.again(2, wider, noHeaders);
    expect(calls.at(-1)).toEqual(['insert', 2, undefined, { id: '2', name: 'b', extra: null, at: null }]);
    expect(
      decoder.record(3, event('null', '{"id":3,"name":"c","extra":5,"at":null}', { lsn: 12 }), noHeaders),
    ).toBe(true);
  });

  it('are refused where a value is not of its column', () => {
    const { decoder } = decoding(table);
    decoder.record(1, event('null', row('1', '"a"'), { lsn: 10 }), noHeaders);
    const odd = event('null', row('"1"', '"a"'), { lsn: 11 });
    expect(decoder.record(2, odd, noHeaders)).toBe(false);
    expect(() => decoder.again(2, odd, noHeaders)).toThrow('does not fit');
  });

  it('are applied once when Connect writes them again', () => {
    const { calls, decoder } = decoding(table);
    const first = event('null', row('1', '"a"'), { floor: 5, lsn: 10, op: 'u' });
    const second = event('null', row('2', '"b"'), { floor: 5, lsn: 11, op: 'u' });
    for (const [offset, record] of [first, second, first, second, end(20), end(20), second].entries())
      decoder.record(offset, record, noHeaders);
    expect(calls.map((call) => (call as unknown[]).slice(0, 2))).toEqual([
      ['begin', 5],
      ['update', 0],
      ['update', 1],
      ['commit', 20],
    ]);
  });
});

/** Type, how Debezium writes a value, and the value's text. All were seen on a real connector. */
const samples: [oid: number, json: string, text: string | null][] = [
  [1700, '"NAN"', 'NaN'],
  [1700, '"NEGATIVE_INFINITY"', '-Infinity'],
  [1700, '"-0.000000000000000000001"', '-0.000000000000000000001'],
  [701, '"NaN"', 'NaN'],
  [701, '1.0E22', '1.0E22'],
  [16, 'true', 'true'],
  [17, '"00ff5c27"', '\\x00ff5c27'],
  [17, '""', '\\x'],
  [1082, '"+5877611-06-21Z"', 'infinity'],
  [1082, '"-5877611-06-22Z"', '-infinity'],
  [1082, '"-0043-03-15Z"', '0044-03-15 BC'],
  [1082, '"+10000-12-31Z"', '10000-12-31'],
  [1114, '"+292278994-08-16T23:00:00Z"', 'infinity'],
  [1114, '"-292275055-05-16T23:00:00Z"', '-infinity'],
  [1114, '"0000-01-01T00:00:00Z"', '0001-01-01 00:00:00 BC'],
  [1114, '"+294276-12-31T23:59:59.999999Z"', '294276-12-31 23:59:59.999999'],
  [1114, '"2024-01-01T01:02:03.450000Z"', '2024-01-01 01:02:03.45'],
  [1184, '"infinity"', 'infinity'],
  [1184, '"-0043-03-15T12:00:00.000000Z"', '0044-03-15 12:00:00+00 BC'],
  [1184, '"2024-02-29T18:59:00.000000Z"', '2024-02-29 18:59:00+00'],
  [1083, '"01:02:03.5Z"', '01:02:03.5'],
  [1186, '"P0Y1M-2DT3H4M5.000006S"', 'P0Y1M-2DT3H4M5.000006S'],
  [600, '{"x":1.5,"y":-2.0,"wkb":"AQ==","srid":null}', '(1.5,-2.0)'],
  [3220, '"302f3136"', '0/16'],
  [1009, String.raw`[null,"NULL","","a\\b","x,y","{q}"]`, String.raw`{NULL,"NULL","","a\\b","x,y","{q}"}`],
  [1007, '[1,null,3]', '{1,NULL,3}'],
  [1007, '[]', '{}'],
  [25, 'null', null],
];

it.each(samples)('a value of type %i that is written %s is %s', (oid, json, text) => {
  const { calls, decoder } = decoding(facts({ id: 20, v: oid }, ['id']));
  decoder.record(1, event('null', `{"id":1,"v":${json}}`, { lsn: 1 }), noHeaders);
  expect(calls.at(-1)).toEqual(['insert', 1, undefined, { id: '1', v: text }]);
});

it.each([
  [25, `"${placeholder}"`],
  [17, `"${placeholder}"`],
  [1700, `"${placeholder}"`],
  [1009, `["${placeholder}"]`],
  [1007, '[95,95,110,111,116,95,115,101,110,116]'],
])('a value of type %i that an update did not touch is not sent: %s', (oid, json) => {
  const { calls, decoder } = decoding(facts({ id: 20, v: oid }, ['id']));
  decoder.record(1, event('null', `{"id":1,"v":${json}}`, { lsn: 1, op: 'u' }), noHeaders);
  expect(calls.at(-1)).toEqual(['update', 1, undefined, { id: '1', v: undefined }]);
});
