/** A quoted identifier. */
export function ident(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** A quoted `schema.table`; a name without a schema is in `public`. */
export function tableName(name: string): string {
  const { schema, table } = splitTable(name);
  return `${ident(schema)}.${ident(table)}`;
}

export function splitTable(name: string): { schema: string; table: string } {
  const dot = name.indexOf('.');
  return dot < 0
    ? { schema: 'public', table: name }
    : { schema: name.slice(0, dot), table: name.slice(dot + 1) };
}

/** A quoted text literal, safe whatever standard_conforming_strings says. */
export function literal(value: string): string {
  const escaped = value.replaceAll("'", "''");
  return value.includes('\\') ? `E'${escaped.replaceAll('\\', '\\\\')}'` : `'${escaped}'`;
}
