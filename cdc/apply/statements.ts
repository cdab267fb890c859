import { createHash } from 'node:crypto';
import { ident } from '#kernel/db/sql.ts';
import { mappedColumn } from '#plan/mapping/select.ts';
import type { FlowColumn, TableFlow } from '#plan/mapping/flow.ts';
import { keyReads } from './source-table.ts';

/** A statement over a set of rows, given as one text array per source column of `reads`, in that order. */
export interface SetStatement {
  name: string;
  text: string;
  reads: readonly string[];
  /** Further arrays after those of `reads`: the old rows' key columns. */
  oldReads: readonly string[];
}

/** Types to cast a source column's text to before an expression sees it, by column name. */
export type SourceTypes = ReadonlyMap<string, string>;

/**
 * The statements of one flow. The rows arrive as arrays of text: the same prepared statement serves one row and ten thousand.
 * Target columns whose source columns were not sent (`missing`) are left alone.
 */
export class FlowStatements {
  readonly flow: TableFlow;
  readonly #types: SourceTypes;
  readonly #target: string;
  readonly #keyReads: readonly string[];
  readonly #cache = new Map<string, SetStatement>();

  constructor(flow: TableFlow, types: SourceTypes) {
    this.flow = flow;
    this.#types = types;
    this.#target = `${ident(flow.target.ref.schema)}.${ident(flow.target.ref.table)}`;
    this.#keyReads = keyReads(flow);
  }

  /** UPDATE where the row is there, INSERT where not. ON CONFLICT would fail on an unmapped NOT NULL column of a row that is there. */
  merge(): SetStatement {
    return this.#cached('merge', [], () => {
      const columns = this.flow.columns;
      const set = this.#assignments(columns);
      return {
        reads: this.flow.reads.map((read) => read.name),
        oldReads: [],
        text: `merge into ${this.#target} t using ${this.#mapped(columns, 1)} m on ${this.#onKey('m')}
          when matched then ${set === '' ? 'do nothing' : `update set ${set}`}
          when not matched then insert (${names(columns)}) overriding system value values (${columns.map((c) => `m.${ident(c.name)}`).join(', ')})`,
      };
    });
  }

  /** UPDATE of rows that must be there; its row count tells whether they were. */
  update(missing: readonly string[]): SetStatement {
    return this.#cached('update', missing, () => {
      const columns = this.#present(missing);
      const set = this.#assignments(columns);
      const key = this.flow.key[0];
      return {
        reads: this.#readsOf(columns),
        oldReads: [],
        // Even where nothing is to be set, the row must be there.
        text: `update ${this.#target} t set ${set === '' && key ? `${ident(key.target)} = t.${ident(key.target)}` : set}
          from ${this.#mapped(columns, 1)} m where ${this.#onKey('m')}`,
      };
    });
  }

  delete(): SetStatement {
    return this.#cached('delete', [], () => {
      const columns = this.flow.columns.filter((column) => column.isKey);
      return {
        reads: this.#keyReads,
        oldReads: [],
        text: `delete from ${this.#target} t using ${this.#mapped(columns, 1, this.#keyReads)} m where ${this.#onKey('m')}`,
      };
    });
  }

  /** What a delete means to an entry that only fills columns: they go back to their defaults. */
  clear(): SetStatement {
    return this.#cached('clear', [], () => {
      const key = this.flow.columns.filter((column) => column.isKey);
      const rest = this.flow.columns.filter((column) => !column.isKey);
      return {
        reads: this.#keyReads,
        oldReads: [],
        text: `update ${this.#target} t set ${rest.map((column) => `${ident(column.name)} = default`).join(', ')}
          from ${this.#mapped(key, 1, this.#keyReads)} m where ${this.#onKey('m')}`,
      };
    });
  }

  /**
   * Moves rows from an old key to what the new image says, keeping unmapped columns: all are taken out before the first is
   * put back, so that rows may exchange unique values, and an identity column may change. The role is replica: no cascade fires.
   */
  move(missing: readonly string[]): SetStatement {
    return this.#cached('move', missing, () => {
      const columns = this.#present(missing);
      const reads = this.#readsOf(columns);
      const key = this.flow.columns.filter((column) => column.isKey);
      const mapped = new Set(columns.map((column) => column.name));
      const all = this.flow.target.columns.filter((column) => !column.generated);
      const on = this.flow.key.map((k) => `g.${ident(k.target)} = o.${ident(k.target)}`).join(' and ');
      return {
        reads,
        oldReads: this.#keyReads,
        text: `with m as materialized (select * from ${this.#mapped(columns, 1, reads, true)} x),
               o as materialized (select * from ${this.#mapped(key, reads.length + 1, this.#keyReads, true)} x),
               gone as (delete from ${this.#target} t using o where ${this.#onKey('o')} returning t.*)
          insert into ${this.#target} (${all.map((column) => ident(column.name)).join(', ')}) overriding system value
          select ${all.map((column) => `${mapped.has(column.name) ? 'm' : 'g'}.${ident(column.name)}`).join(', ')}
            from m join o on o."matapalo n" = m."matapalo n" join gone g on ${on}
           where (select count(*) from gone) >= 0`,
      };
    });
  }

  truncate(referenced: boolean): string {
    if (!this.flow.anchor) {
      const rest = this.flow.columns.filter((column) => !column.isKey);
      return `update ${this.#target} set ${rest.map((column) => `${ident(column.name)} = default`).join(', ')}`;
    }
    return referenced ? `delete from ${this.#target}` : `truncate ${this.#target}`;
  }

  #cached(verb: string, missing: readonly string[], make: () => Omit<SetStatement, 'name'>): SetStatement {
    const id = missing.length === 0 ? verb : `${verb} ${missing.join(' ')}`;
    let statement = this.#cache.get(id);
    if (statement === undefined) {
      const made = make();
      const digest = createHash('sha256').update(made.text).digest('hex').slice(0, 24);
      statement = { ...made, name: `matapalo_${verb}_${digest}` };
      this.#cache.set(id, statement);
    }
    return statement;
  }

  #present(missing: readonly string[]): FlowColumn[] {
    return this.flow.columns.filter((column) => !column.reads.some((read) => missing.includes(read)));
  }

  #readsOf(columns: readonly FlowColumn[]): string[] {
    const used = new Set([...this.#keyReads, ...columns.flatMap((column) => column.reads)]);
    return this.flow.reads.map((read) => read.name).filter((name) => used.has(name));
  }

  #assignments(columns: readonly FlowColumn[]): string {
    const always = new Set(this.flow.target.columns.filter((c) => c.identity === 'a').map((c) => c.name));
    return columns
      .filter((column) => !column.isKey && !always.has(column.name))
      .map((column) => `${ident(column.name)} = m.${ident(column.name)}`)
      .join(', ');
  }

  #onKey(alias: string): string {
    return this.flow.key.map((k) => `t.${ident(k.target)} = ${alias}.${ident(k.target)}`).join(' and ');
  }

  /** `(select <mapping> from <stagedRows>)`, first array at `$first`. */
  #mapped(
    columns: readonly FlowColumn[],
    first: number,
    reads: readonly string[] = this.#readsOf(columns),
    numbered = false,
  ): string {
    const number = numbered ? ', "matapalo n"' : '';
    return `(select ${columns.map(mappedColumn).join(', ')}${number} from ${stagedRows(reads, this.#types, first, numbered)} ${ident(this.flow.source.ref.table)})`;
  }
}

/** `(select <texts cast to the source's types> from unnest(arrays))`, first array at `$first`. */
export function stagedRows(
  reads: readonly string[],
  types: SourceTypes,
  first: number,
  numbered = false,
): string {
  const arrays = reads.map((_, i) => `$${first + i}::text[]`).join(', ');
  const columnNames = reads.map((_, i) => `c${i}`).join(', ');
  const casts = reads.map((read, i) => {
    const type = types.get(read) ?? 'text';
    return `${type === 'text' ? `u.c${i}` : `u.c${i}::${type}`} as ${ident(read)}`;
  });
  return `(select ${casts.join(', ')}${numbered ? ', u.n as "matapalo n"' : ''}
      from unnest(${arrays})${numbered ? ' with ordinality' : ''} as u(${columnNames}${numbered ? ', n' : ''}))`;
}

function names(columns: readonly FlowColumn[]): string {
  return columns.map((column) => ident(column.name)).join(', ');
}
