import { createHash } from 'node:crypto';
import { ident, literal } from '#kernel/db/sql.ts';
import type { FlowColumn, TableFlow } from '#plan/mapping/flow.ts';
import { mappedColumn } from '#plan/mapping/select.ts';
import { plainSource } from '#cdc/verify/row-sql.ts';
import { stagedRows, type SetStatement, type SourceTypes } from './statements.ts';

/**
 * Finds rows of a service that the monolith cannot hold: those that do not come back the same when what reverse sync writes is
 * mapped forward again. Asked beside the write, of the same arrays, and only of columns that are not plain copies between
 * equal types: the others cannot lose anything. A column is left to verification where its forward expression reads legacy
 * columns that this entry does not write.
 */
export class RoundTrip {
  readonly #flow: TableFlow;
  readonly #back: TableFlow;
  readonly #types: SourceTypes;
  readonly #cache = new Map<string, SetStatement | undefined>();

  /** `flow` is the reverse entry, `back` the forward one of the same id. */
  constructor(flow: TableFlow, back: TableFlow, types: SourceTypes) {
    this.#flow = flow;
    this.#back = back;
    this.#types = types;
  }

  /** Rows (`key`, `columns`) of the arrays that would not come back the same; undefined where none can. `missing` was not sent. */
  lossy(missing: readonly string[]): SetStatement | undefined {
    const id = missing.join(' ');
    if (!this.#cache.has(id)) this.#cache.set(id, this.#make(missing));
    return this.#cache.get(id);
  }

  #make(missing: readonly string[]): SetStatement | undefined {
    const written = this.#flow.columns.filter(
      (column) => !column.reads.some((read) => missing.includes(read)),
    );
    const names = new Set(written.map((column) => column.name));
    const asked = this.#back.columns.filter(
      (column) =>
        !missing.includes(column.name) &&
        column.reads.every((read) => names.has(read)) &&
        !this.#isCopy(column),
    );
    if (asked.length === 0) return undefined;
    const needed = written.filter((column) => asked.some((one) => one.reads.includes(column.name)));
    const keys = this.#flow.key.map((key) => key.source);
    const used = new Set([
      ...keys,
      ...asked.map((column) => column.name),
      ...needed.flatMap((column) => column.reads),
    ]);
    const reads = [...used];
    const was = (name: string) => ident(`matapalo was ${name}`);
    const losses = asked.map((column) => this.#differs(column, was(column.name))).join(', ');
    const inner = [
      ...needed.map(mappedColumn),
      ...[...new Set([...keys, ...asked.map((column) => column.name)])].map(
        (name) => `${ident(name)} as ${was(name)}`,
      ),
    ].join(', ');
    const text = `select x.key, x.columns from (
        select array[${keys.map((name) => `${was(name)}::text`).join(', ')}] as key, array_remove(array[${losses}]::text[], null) as columns
          from (select ${inner} from ${stagedRows(reads, this.#types, 1)} ${ident(this.#flow.source.ref.table)}) ${ident(this.#flow.target.ref.table)}
      ) x where cardinality(x.columns) > 0 limit 3`;
    const digest = createHash('sha256').update(text).digest('hex').slice(0, 24);
    return { name: `matapalo_lossy_${digest}`, text, reads, oldReads: [] };
  }

  #differs(column: FlowColumn, was: string): string {
    const type = this.#types.get(column.name) ?? 'text';
    const back = `(${column.expression})::${type}`;
    // 10.990 and 10.99 are one number; every other type's values have one text.
    const differs = isNumeric(type)
      ? `${back} is distinct from ${was}`
      : `${back}::text is distinct from ${was}::text`;
    return `case when ${differs} then ${literal(column.name)} end`;
  }

  /** The service's column is a legacy column as it is, that one is it as it is, and both have one type. */
  #isCopy(column: FlowColumn): boolean {
    const legacy = plainSource(this.#back, column);
    if (legacy === undefined) return false;
    const service = plainSource(
      this.#flow,
      this.#flow.columns.find((item) => item.name === legacy.name),
    );
    return service?.name === column.name && service.type === legacy.type;
  }
}

const isNumeric = (type: string) => type === 'numeric' || type.startsWith('numeric(');
