/**
 * Values as PostgreSQL writes them, from what Debezium makes of them (decimals as strings, times as ISO strings). These are for the rare
 * forms; plain ones are copied as bytes. Each is undefined where the text is not of its type.
 */

const infinities: Readonly<Record<string, string>> = {
  NAN: 'NaN',
  POSITIVE_INFINITY: 'Infinity',
  NEGATIVE_INFINITY: '-Infinity',
};

export function numericText(text: string): string {
  return infinities[text] ?? text;
}

/** `2024-02-29Z`; years before 1 and after 9999 have a sign. The two infinities lie outside of PostgreSQL's dates. */
export function dateText(text: string): string | undefined {
  if (text === '+5877611-06-21Z') return 'infinity';
  if (text === '-5877611-06-22Z') return '-infinity';
  const parts = /^([+-]?\d{4,})-(\d\d)-(\d\d)Z$/.exec(text);
  if (parts === null) return undefined;
  const [, year = '', month, day] = parts;
  return `${yearText(year)}-${month}-${day}${era(year)}`;
}

export function timeText(text: string): string | undefined {
  const parts = /^(\d\d:\d\d:\d\d)(\.\d+)?Z$/.exec(text);
  return parts === null ? undefined : `${parts[1]}${fraction(parts[2])}`;
}

export function timestampText(text: string, withZone: boolean): string | undefined {
  if (text === 'infinity' || text === '-infinity') return text;
  if (!withZone) {
    if (text === '+292278994-08-16T23:00:00Z') return 'infinity';
    if (text === '-292275055-05-16T23:00:00Z') return '-infinity';
  }
  const parts = /^([+-]?\d{4,})-(\d\d-\d\d)T(\d\d:\d\d:\d\d)(\.\d+)?Z$/.exec(text);
  if (parts === null) return undefined;
  const [, year = '', day, time, micros] = parts;
  return `${yearText(year)}-${day} ${time}${fraction(micros)}${withZone ? '+00' : ''}${era(year)}`;
}

function fraction(text: string | undefined): string {
  if (text === undefined) return '';
  const short = text.replace(/0+$/, '');
  return short === '.' ? '' : short;
}

/** Year 0 is 1 BC. */
function yearText(iso: string): string {
  const year = Number(iso);
  return String(year > 0 ? year : 1 - year).padStart(4, '0');
}

function era(iso: string): string {
  return Number(iso) > 0 ? '' : ' BC';
}

/** `{"a":"1","b":null}` to `"a"=>"1", "b"=>NULL`. */
export function hstoreText(json: string): string | undefined {
  const value: unknown = JSON.parse(json);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  return Object.entries(value)
    .map(([key, item]) => `${quoted(key)}=>${item === null ? 'NULL' : quoted(String(item))}`)
    .join(', ');
}

/** An array of strings; every element quoted, so that NULL and the empty string stay what they are. */
export function stringArrayText(json: string): string | undefined {
  const value: unknown = JSON.parse(json);
  if (!Array.isArray(value)) return undefined;
  const parts: string[] = [];
  for (const item of value as unknown[]) {
    if (item === null) parts.push('NULL');
    else if (typeof item === 'string') parts.push(quoted(item));
    else return undefined;
  }
  return `{${parts.join(',')}}`;
}

function quoted(text: string): string {
  return `"${text.replace(/["\\]/g, '\\$&')}"`;
}
