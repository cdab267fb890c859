import { describe, expect, it } from 'vitest';
import type { TablePlan } from '../compile.ts';
import { columnsRead, resolveFlow } from './flow.ts';
import { mappedSelect } from './select.ts';
import type { ColumnShape, TableShape } from './shape.ts';

const column = (name: string, type: string, change: Partial<ColumnShape> = {}): ColumnShape => ({
  name,
  type,
  typeOid: 25,
  typeKind: 'b',
  collatable: false,
  notNull: false,
  hasDefault: false,
  generated: false,
  identity: '',
  ...change,
});

const table = (name: string, columns: ColumnShape[], change: Partial<TableShape> = {}): TableShape => ({
  ref: { schema: 'public', table: name, name: `public.${name}` },
  oid: 1,
  kind: 'r',
  persistence: 'p',
  owner: 'app',
  columns,
  primaryKey: [columns[0]?.name ?? ''],
  replicaIdentity: 'd',
  identityColumns: [columns[0]?.name ?? ''],
  uniqueKeys: [[columns[0]?.name ?? '']],
  ...change,
});

const legacy = table('prod', [
  column('prod_id', 'bigint', { notNull: true }),
  column('cents', 'bigint', { notNull: true }),
  column('Odd Name', 'text'),
]);
const service = table('products', [
  column('id', 'bigint', { notNull: true }),
  column('price', 'numeric(12,2)', { notNull: true }),
  column('label', 'text'),
  column('shout', 'text', { generated: true }),
]);

const entry = (change: Partial<TablePlan> = {}): TablePlan => ({
  id: 'public.prod>public.products',
  legacy: legacy.ref,
  service: service.ref,
  key: undefined,
  forward: { label: '"Odd Name"', price: 'cents / 100.0', id: 'prod_id' },
  reverse: { prod_id: 'id', cents: '(price * 100)::bigint' },
  anchors: { forward: true, reverse: true },
  ...change,
});

const problemsOf = (plan: TablePlan, from = legacy, to = service) =>
  resolveFlow(plan, 'forward', from, to).problems.map((problem) => [problem.path.join('.'), problem.message]);

describe('a flow', () => {
  it('pairs the primary keys, puts keys first, and casts to the exact type', () => {
    const { flow, problems } = resolveFlow(entry(), 'forward', legacy, service);
    expect(problems).toEqual([]);
    expect(flow?.key).toEqual([{ source: 'prod_id', target: 'id' }]);
    expect(flow?.columns.map((item) => item.name)).toEqual(['id', 'label', 'price']);
    expect(flow && mappedSelect(flow, 'true')).toBe(
      'select (prod_id)::bigint as "id", ("Odd Name")::text as "label", (cents / 100.0)::numeric(12,2) as "price" from "public"."prod" where true',
    );
  });

  it('turns round for the reverse direction', () => {
    const { flow } = resolveFlow(entry(), 'reverse', legacy, service);
    expect(flow?.source).toBe(service);
    expect(flow?.key).toEqual([{ source: 'id', target: 'prod_id' }]);
    expect(flow?.reads.map((item) => item.name)).toEqual(['id', 'price']);
  });

  it('refuses unknown and generated columns, and unmapped NOT NULL ones', () => {
    const found = problemsOf(entry({ forward: { id: 'prod_id', colour: 'cents', shout: "'x'" } }));
    expect(found).toEqual([
      ['forward.colour', expect.stringContaining('no column "colour"')],
      ['forward.shout', expect.stringContaining('generated')],
      ['forward', expect.stringContaining('"price" is NOT NULL')],
    ]);
  });

  it('does not ask an entry that only fills columns for the others', () => {
    const filling = entry({
      forward: { id: 'prod_id', label: '"Odd Name"' },
      anchors: { forward: false, reverse: true },
    });
    expect(problemsOf(filling)).toEqual([]);
  });

  it('refuses a key that a delete would not carry, or that nothing makes unique', () => {
    expect(problemsOf(entry(), { ...legacy, identityColumns: [] })).toContainEqual([
      'key',
      expect.stringContaining('REPLICA IDENTITY FULL'),
    ]);
    expect(problemsOf(entry(), legacy, { ...service, uniqueKeys: [] })).toEqual([
      ['key', expect.stringContaining('no unique index on (id)')],
    ]);
    expect(problemsOf(entry({ forward: { id: 'prod_id + cents', price: '1' } }))).toEqual([
      ['forward.id', expect.stringContaining('replica identity')],
    ]);
  });

  it('refuses tables without keys that can be paired', () => {
    expect(problemsOf(entry(), { ...legacy, primaryKey: [] })).toContainEqual([
      'key',
      expect.stringContaining('no primary keys of the same length'),
    ]);
  });
});

describe('columns that an expression reads', () => {
  it('are found outside literals, quoted or not, whatever the case', () => {
    expect(columnsRead(`coalesce(CENTS, 0) || 'prod_id' || "Odd Name"`, legacy)).toEqual([
      'cents',
      'Odd Name',
    ]);
    expect(columnsRead(`'it''s prod_id'`, legacy)).toEqual([]);
  });
});
