/** A type's values that are easily damaged on the way, as SQL literals. */
export interface TypeSample {
  type: string;
  values: readonly string[];
  /** Values that the transport debezium would not carry exactly: a CHECK must keep them out. */
  blind?: readonly string[];
  /** The transport debezium refuses columns of the type. */
  refused?: true;
}

export const kinds = `create type mood as enum ('ok', 'sad, very'); create domain amount as numeric(8, 2) check (value > 0);
  create type pair as (a integer, b text); create extension citext; create extension hstore; create extension ltree;`;

export const samples: readonly TypeSample[] = [
  { type: 'smallint', values: [`'-32768'`] },
  { type: 'integer', values: [`'-2147483648'`] },
  { type: 'bigint', values: [`'9223372036854775807'`, `'-9223372036854775808'`, `'9007199254740993'`] },
  {
    type: 'numeric',
    values: [`'NaN'`, `'Infinity'`, `'-Infinity'`, '1.500', `'-0.000000000000000000001'`, `'1e130'`],
  },
  { type: 'numeric(10,2)', values: ['12.30', `'NaN'`] },
  { type: 'real', values: ['3.4028235e38', '0.3', `'NaN'`, '1e-45', '16777216'] },
  {
    type: 'double precision',
    values: [`'NaN'`, `'-Infinity'`, `'1e-307'`, '0.1', `'-0'`, '4.9e-324', '1e22'],
  },
  { type: 'money', values: [`'-1234.56'`, `'92233720368547758.07'`] },
  { type: 'oid', values: ['4000000000'] },
  { type: 'boolean', values: ['true', 'false'] },
  {
    type: 'text',
    values: [
      `''`,
      `'NULL'`,
      `'\\N'`,
      `'tab\tnewline\n quote"\\ '''`,
      `'ünï😀\u0301'`,
      `repeat('long', 50000)`,
    ],
  },
  { type: 'character varying(10)', values: [`'ab '`] },
  { type: 'character(5)', values: [`'ab'`] },
  { type: 'name', values: [`'n'`] },
  { type: 'citext', values: [`'Ab'`] },
  { type: 'ltree', values: [`'a.b'`] },
  { type: 'bytea', values: [`'\\x'`, `'\\x00ff5c27'`] },
  { type: 'uuid', values: [`'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'`] },
  { type: 'json', values: [`'{"b":1,  "a":2, "a":3}'`] },
  { type: 'jsonb', values: [`'{"b": 1, "a": [null, 1.10, 12345678901234567890]}'`, `'null'`] },
  { type: 'xml', values: [`'<a b="1">&amp;</a>'`] },
  { type: 'hstore', values: [`'"a b"=>"1\\"q\\\\", b=>NULL, c=>""'`, `''`] },
  { type: 'mood', values: [`'sad, very'`] },
  { type: 'amount', values: ['12.30'] },
  { type: 'pair', values: [`'(1,"x y")'`, `'(,)'`] },
  {
    type: 'date',
    values: [
      `'infinity'`,
      `'-infinity'`,
      `'9999-12-31'`,
      `'0044-03-15 BC'`,
      `'0001-12-31 BC'`,
      `'5874897-12-31'`,
    ],
  },
  { type: 'time', values: [`'01:02:03.5'`, `'00:00'`, `'23:59:59.999999'`], blind: [`'24:00:00'`] },
  { type: 'time with time zone', values: [`'23:59:59.5-08'`], refused: true },
  {
    type: 'timestamp',
    values: [
      `'infinity'`,
      `'-infinity'`,
      `'0001-01-01 00:00:00 BC'`,
      `'2024-02-29 23:59:59.5'`,
      `'0001-01-01'`,
    ],
  },
  {
    type: 'timestamp with time zone',
    values: [
      `'infinity'`,
      `'-infinity'`,
      `'0044-03-15 12:00:00+00 BC'`,
      `'2024-02-29 23:59:59.999999+00'`,
      `'12024-02-29 23:59:00.1+05'`,
    ],
  },
  {
    type: 'interval',
    values: [
      `'1 mon -2 days 03:04:05.000006'`,
      `'-178000000 years'`,
      `'-1 mon +2 days -03:00'`,
      `'-0.5 s'`,
      `'0'`,
    ],
    blind: [`'infinity'`],
  },
  { type: 'int4range', values: [`'empty'`, `'[1,5)'`, `'(,3)'`] },
  { type: 'numrange', values: [`'[1.10,2)'`] },
  { type: 'tstzrange', values: [`'[2024-01-01 01:02:03.5+05,infinity]'`] },
  { type: 'int4multirange', values: [`'{[1,3),[5,6)}'`] },
  { type: 'inet', values: [`'10.0.0.1/8'`, `'10.0.0.1'`, `'::1'`] },
  { type: 'cidr', values: [`'10.0.0.0/8'`] },
  { type: 'macaddr', values: [`'08:00:2b:01:02:03'`] },
  { type: 'point', values: [`'(1.5,-2)'`, `'(0.1,1e300)'`] },
  { type: 'box', values: [`'(1,1.5),(0,0)'`], refused: true },
  { type: 'polygon', values: [`'((0,0),(1,1),(1,0))'`], refused: true },
  { type: 'circle', values: [`'<(0.1,0),3>'`], refused: true },
  { type: 'tsvector', values: [`'a:1 b:2'`] },
  { type: 'pg_lsn', values: [`'0/16'`] },
  { type: 'jsonpath', values: [`'$.a[*]'`] },
  { type: 'bit(1)', values: [`B'1'`, `B'0'`] },
  { type: 'bit(12)', values: [`B'000000000010'`], refused: true },
  { type: 'bit varying', values: [`B'0101'`], refused: true },
  {
    type: 'text[]',
    values: [`'{NULL,"NULL","",a\\\\b,"x,y","{q}"}'`, `'{}'`],
    blind: [`'[0:1]={a,b}'`, `'{{a,b},{c,NULL}}'`],
  },
  { type: 'character varying[]', values: [`'{a,NULL}'`], blind: [`'{{a},{b}}'`] },
  { type: 'integer[]', values: [`'{1,NULL,-3}'`, `'{}'`], blind: [`'{{1,2},{3,4}}'`] },
  { type: 'bigint[]', values: [`'{9223372036854775807}'`], blind: [`'[5:6]={1,2}'`] },
  {
    type: 'uuid[]',
    values: [`'{a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11,NULL}'`],
    blind: [`'{{a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11}}'`],
  },
  { type: 'jsonb[]', values: [`array['{"a": 1.10}'::jsonb, null]`], blind: [`array[array['1'::jsonb]]`] },
  { type: 'numeric[]', values: [`'{NaN,NULL,1.10}'`], refused: true },
  { type: 'timestamp with time zone[]', values: [`'{infinity,"0044-03-15 12:00:00+00 BC"}'`], refused: true },
  { type: 'bytea[]', values: [`array['\\x00ff'::bytea]`], refused: true },
];
