/** How a value of some type arrives through Debezium, and so how its text is got back. */
export type Codec =
  | 'string'
  | 'integer'
  | 'float'
  | 'boolean'
  | 'bit'
  | 'numeric'
  | 'date'
  | 'time'
  | 'timestamp'
  | 'timestamptz'
  | 'bytea'
  /** The value's text, as hexadecimal digits of its bytes. */
  | 'hex-text'
  | 'hstore'
  | 'point'
  | 'string-array'
  | 'integer-array';

/** A column's type without its domains. */
export interface BaseType {
  oid: number;
  /** `b` base, `e` enum, `r` range, `m` multirange, `c` composite. */
  kind: string;
  name: string;
  /** Of the built-in schema: an extension's type of the same name is another. */
  builtIn: boolean;
  modifier: number;
}

export type Carried =
  | {
      codec: Codec;
      /** Values that arrive as others do: a column that may hold them cannot be carried. */
      blind: readonly Blind[];
    }
  | { refused: string };

export interface Blind {
  /** SQL literal of a value, of the column's own type. */
  value: string;
  what: string;
  /** A condition on column `%c` that excludes all such values. */
  check: string;
}

const strings = new Map<number, Codec>(
  // name, char, text, bpchar, varchar, json, jsonb, xml, uuid, inet, cidr, macaddr, macaddr8, tsvector, money, interval
  [19, 18, 25, 1042, 1043, 114, 3802, 142, 2950, 869, 650, 829, 774, 3614, 790, 1186].map((oid) => [
    oid,
    'string',
  ]),
);

const others = new Map<number, Codec>([
  [16, 'boolean'],
  [17, 'bytea'],
  [20, 'integer'],
  [21, 'integer'],
  [23, 'integer'],
  [26, 'integer'],
  [700, 'float'],
  [701, 'float'],
  [1700, 'numeric'],
  [1082, 'date'],
  [1083, 'time'],
  [1114, 'timestamp'],
  [1184, 'timestamptz'],
  [600, 'point'],
  // text[], bpchar[], varchar[], json[], jsonb[], uuid[]
  ...([1009, 1014, 1015, 199, 3807, 2951] as const).map((oid): [number, Codec] => [oid, 'string-array']),
  [1007, 'integer-array'],
  [1016, 'integer-array'],
]);

/** pg_lsn, jsonpath, xid8, txid_snapshot, pg_snapshot: sent as their text's bytes. */
const asBytes = new Set([3220, 4072, 5069, 2970, 5038]);
/** lseg, path, box, polygon, line, circle. */
const shapes = new Set([601, 602, 603, 604, 628, 718]);
/** int4range, numrange, tsrange, tstzrange, daterange, int8range; a range of one's own type arrives otherwise. */
const ranges = new Set([3904, 3906, 3908, 3910, 3912, 3926]);
const extensionTypes = new Map<string, Codec>([
  ['citext', 'string'],
  ['ltree', 'string'],
  ['hstore', 'hstore'],
]);

const arrayShape: Blind[] = [
  {
    value: `'{{1,2},{3,4}}'`,
    what: 'an array of several dimensions',
    check: `array_ndims(%c) = 1 and array_lower(%c, 1) = 1 or %c = '{}'`,
  },
  {
    value: `'[5:6]={1,2}'`,
    what: 'an array that does not begin at 1',
    check: `array_ndims(%c) = 1 and array_lower(%c, 1) = 1 or %c = '{}'`,
  },
];

const blindSpots = new Map<number, Blind[]>([
  [1083, [{ value: `'24:00:00'`, what: 'the time 24:00:00', check: `%c < '24:00:00'` }]],
  [
    1186,
    [
      { value: `'infinity'`, what: 'an infinite interval', check: 'isfinite(%c)' },
      { value: `'-infinity'`, what: 'an infinite interval', check: 'isfinite(%c)' },
    ],
  ],
]);

/** What the transport `debezium` does with a type: how it is read, what it would lose, or why it is refused. Pure. */
export function carriedByDebezium(type: BaseType): Carried {
  const { oid, kind, name, builtIn, modifier } = type;
  if (kind === 'e') return { codec: 'string', blind: [] };
  if (kind === 'c' || kind === 'm') return { codec: 'hex-text', blind: [] };
  if (kind === 'r') {
    return ranges.has(oid)
      ? { codec: 'string', blind: [] }
      : { refused: 'a range type that was made with CREATE TYPE' };
  }
  if (!builtIn) {
    const codec = extensionTypes.get(name);
    return codec === undefined ? { refused: `the extension type ${name}` } : { codec, blind: [] };
  }
  // bit(1); longer ones lose leading zeros.
  if (oid === 1560 && modifier === 1) return { codec: 'bit', blind: [] };
  if (asBytes.has(oid)) return { codec: 'hex-text', blind: [] };
  const codec = strings.get(oid) ?? others.get(oid);
  if (codec === undefined) return { refused: reasonFor(oid, name) };
  const array = codec === 'string-array' || codec === 'integer-array';
  return { codec, blind: array ? shapesOf(oid) : (blindSpots.get(oid) ?? []) };
}

function shapesOf(oid: number): Blind[] {
  // The sample's elements must be values of the element type.
  const element = oid === 2951 ? `'00000000-0000-0000-0000-000000000001'` : undefined;
  if (element === undefined) return arrayShape;
  return arrayShape.map((blind) => ({
    ...blind,
    value: blind.value.replace(/\d(?=[,}])/g, element.slice(1, -1)),
  }));
}

function reasonFor(oid: number, name: string): string {
  if (oid === 1266) return 'time with time zone, whose offset is lost';
  if (oid === 1560 || oid === 1562) return 'a bit string, whose leading zeros are lost';
  if (shapes.has(oid))
    return `the geometric type ${name}: forms that differ, such as polygons with and without a last point like the first, arrive alike`;
  if (name.startsWith('_'))
    return `an array of ${name.slice(1)}, of which unchanged or special values arrive as NULL`;
  return `the type ${name}`;
}
