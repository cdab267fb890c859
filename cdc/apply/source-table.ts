import { MatapaloError } from '#kernel/errors.ts';
import type { TableFlow } from '#plan/mapping/flow.ts';
import type { Relation } from '../capture/capture.ts';

/** A source table's present layout in the stream, bound to the flows that read it. */
export interface SourceTable {
  relation: Relation;
  flows: readonly TableFlow[];
  /** Columns (by their place in the stream's tuples) that tell rows apart. */
  key: readonly number[];
  /** Columns that some flow reads, by place. */
  reads: readonly number[];
  /** Place of each column by name. */
  places: ReadonlyMap<string, number>;
}

/** Source columns that a flow's key is made of. */
export function keyReads(flow: TableFlow): string[] {
  const names = new Set(flow.key.map((key) => key.source));
  for (const column of flow.columns) if (column.isKey) for (const read of column.reads) names.add(read);
  return [...names];
}

/**
 * Binds what the stream says a table looks like now to what the mapping reads. Throws `group-stopped`, naming the column,
 * where the mapping's column is missing or has another type; columns that nothing reads may come and go.
 */
export function bindRelation(relation: Relation, flows: readonly TableFlow[]): SourceTable {
  const places = new Map(relation.columns.map((column, place) => [column.name, place]));
  const reads = new Set<number>();
  const key = new Set<number>();
  for (const flow of flows) {
    for (const read of flow.reads) {
      const place = places.get(read.name);
      const column = place === undefined ? undefined : relation.columns[place];
      if (place === undefined || column === undefined) {
        throw schemaChanged(
          relation,
          read.name,
          'is missing from the stream: it was dropped, renamed, or is a generated column',
        );
      }
      if (column.typeOid >>> 0 !== read.typeOid >>> 0) {
        throw schemaChanged(relation, read.name, `has changed its type (it was ${read.type})`);
      }
      reads.add(place);
    }
    for (const name of keyReads(flow)) {
      const place = places.get(name);
      if (place === undefined) throw schemaChanged(relation, name, 'is missing from the stream');
      if (relation.columns[place]?.identity !== true && relation.replicaIdentity !== 'f') {
        throw schemaChanged(relation, name, 'is no longer in the replica identity');
      }
      key.add(place);
    }
  }
  return { relation, flows, key: [...key], reads: [...reads], places };
}

function schemaChanged(relation: Relation, column: string, what: string): MatapaloError {
  return new MatapaloError(
    'group-stopped',
    `Column "${column}" of ${relation.schema}.${relation.table}, which the mapping reads, ${what}.`,
    {
      hint: 'Correct the mapping in the config, restart the tool, and run `matapalo resync`.',
      extra: { table: `${relation.schema}.${relation.table}`, column },
    },
  );
}

/** True when tuples of both layouts can be read the same way. */
export function sameLayout(a: Relation, b: Relation): boolean {
  return (
    a.replicaIdentity === b.replicaIdentity &&
    a.columns.length === b.columns.length &&
    a.columns.every((column, i) => {
      const other = b.columns[i];
      return (
        other !== undefined &&
        column.name === other.name &&
        column.typeOid === other.typeOid &&
        column.identity === other.identity
      );
    })
  );
}
