import type { Queryable } from '#kernel/db/pool.ts';
import { ident, literal } from '#kernel/db/sql.ts';
import { tablesOf } from '#guard/install.ts';
import type { TableRef } from '#plan/compile.ts';
import { loadShape, type TableShape } from '#plan/mapping/shape.ts';
import type { Side } from '#plan/phase.ts';
import { databaseFor, type Finding, type Subject } from './finding.ts';

const kinds: Record<string, string> = {
  f: 'a foreign table',
  v: 'a view',
  m: 'a materialized view',
  S: 'a sequence',
};

/** What a table is: whether its changes can be read, its rows be written, and what would be silent or in the way. */
export async function checkTables(subject: Subject, side: Side): Promise<Finding[]> {
  const db = databaseFor(subject, side);
  const findings: Finding[] = [];
  for (const ref of tablesOf(subject.group, side)) {
    const shape = await loadShape(db, ref);
    // A missing table is the mapping's finding, with the line of the config.
    if (shape === undefined) continue;
    findings.push(
      ...checkKind(shape, side),
      ...checkIdentity(shape, side),
      ...(await checkPolicies(db, shape, side)),
      ...(await checkTriggers(db, shape, side)),
      ...(await checkWriters(db, shape, side)),
      ...(await checkLargeObjects(db, shape, side)),
    );
  }
  return findings;
}

const quoted = (ref: TableRef) => `${ident(ref.schema)}.${ident(ref.table)}`;

function checkKind(shape: TableShape, side: Side): Finding[] {
  const { ref, kind, persistence } = shape;
  const where = ref.name;
  if (kind !== 'r' && kind !== 'p') {
    return [
      {
        level: 'refuse',
        side,
        where,
        message: `${ref.name} is ${kinds[kind] ?? 'no table'}: its changes cannot be captured.`,
        mend: 'Name the table that holds the rows in the config.',
      },
    ];
  }
  const findings: Finding[] = [];
  if (persistence === 'u') {
    findings.push({
      level: 'refuse',
      side,
      where,
      message: `${ref.name} is unlogged: its changes are in no WAL, and a crash empties it.`,
      mend: `ALTER TABLE ${quoted(ref)} SET LOGGED;`,
    });
  }
  if (kind === 'p') {
    findings.push({
      level: 'info',
      side,
      where,
      message: `${ref.name} is partitioned: it gets a row guard too, which new partitions inherit.`,
      mend: 'Nothing to do; attach and detach no partition while the group is synced.',
    });
  }
  return findings;
}

function checkIdentity(shape: TableShape, side: Side): Finding[] {
  if (shape.kind !== 'r' && shape.kind !== 'p') return [];
  if (shape.identityColumns.length > 0) return [];
  const why = shape.replicaIdentity === 'n' ? 'its replica identity is NOTHING' : 'it has no primary key';
  return [
    {
      level: 'refuse',
      side,
      where: shape.ref.name,
      message: `A delete or update of ${shape.ref.name} would not name its row: ${why}.`,
      mend: `ALTER TABLE ${quoted(shape.ref)} REPLICA IDENTITY ${shape.primaryKey.length > 0 ? 'DEFAULT' : 'FULL'};`,
    },
  ];
}

async function checkPolicies(db: Queryable, shape: TableShape, side: Side): Promise<Finding[]> {
  const { rows } = await db.query<{ role: string; blocked: boolean }>(
    `select current_user::text as role, row_security_active(c.oid) as blocked from pg_class c where c.oid = $1 and c.relrowsecurity`,
    [shape.oid],
  );
  const row = rows[0];
  if (!row?.blocked) return [];
  return [
    {
      level: 'refuse',
      side,
      where: shape.ref.name,
      message: `Row security of ${shape.ref.name} would hide rows from ${row.role}: the copy would be short of them.`,
      mend: `ALTER ROLE ${ident(row.role)} BYPASSRLS;`,
      hidesRows: true,
    },
  ];
}

async function checkTriggers(db: Queryable, shape: TableShape, side: Side): Promise<Finding[]> {
  const { rows } = await db.query<{ name: string; enabled: string }>(
    `select tgname::text as name, tgenabled::text as enabled from pg_trigger
      where tgrelid = $1 and not tgisinternal and tgenabled <> 'D' and tgname not like 'matapalo\\_guard%' order by 1`,
    [shape.oid],
  );
  return rows.map(({ name, enabled }) => ({
    level: 'warn' as const,
    side,
    where: shape.ref.name,
    message:
      enabled === 'O'
        ? `Trigger ${name} of ${shape.ref.name} is silent while the tool replicates: what it writes must be mapped, generated, or not needed.`
        : `Trigger ${name} of ${shape.ref.name} also fires for rows that the tool replicates: what it writes is written twice.`,
    mend:
      enabled === 'O'
        ? `Map the columns that ${name} fills; or, if nothing needs it: ALTER TABLE ${quoted(shape.ref)} DISABLE TRIGGER ${ident(name)};`
        : `ALTER TABLE ${quoted(shape.ref)} ENABLE TRIGGER ${ident(name)};`,
  }));
}

async function checkWriters(db: Queryable, shape: TableShape, side: Side): Promise<Finding[]> {
  const { rows } = await db.query('select from pg_subscription_rel where srrelid = $1', [shape.oid]);
  if (rows.length === 0) return [];
  return [
    {
      level: 'warn',
      side,
      where: shape.ref.name,
      message: `A native subscription writes ${shape.ref.name}: it gets a row guard, and the subscription stops when the owner changes.`,
      mend: 'Drop the table from that subscription before the switch: ALTER SUBSCRIPTION ... REFRESH PUBLICATION, after its publication lost the table.',
    },
  ];
}

async function checkLargeObjects(db: Queryable, shape: TableShape, side: Side): Promise<Finding[]> {
  const suspects = shape.columns.filter((column) => column.type === 'oid' || column.type === 'lo');
  if (suspects.length === 0) return [];
  const { rows } = await db.query('select from pg_largeobject_metadata limit 1');
  if (rows.length === 0) return [];
  return suspects.map((column) => ({
    level: 'refuse' as const,
    side,
    where: `${shape.ref.name}.${column.name}`,
    message: `${column.name} may point to large objects, which no change stream carries.`,
    mend: `ALTER TABLE ${quoted(shape.ref)} ALTER COLUMN ${ident(column.name)} TYPE bytea USING lo_get(${ident(column.name)});`,
  }));
}

/** Rows in the service's tables before the first copy: they are nobody's copy, and keys may collide. */
export async function checkEmpty(subject: Subject): Promise<Finding[]> {
  const known = await subject.service.query<{ synced: boolean }>(
    `select to_regclass('matapalo.ownership') is not null as synced`,
  );
  if (known.rows[0]?.synced) {
    const own = await subject.service.query('select from matapalo.ownership where group_name = $1', [
      subject.group.name,
    ]);
    if (own.rows.length > 0) return [];
  }
  const filled: TableRef[] = [];
  for (const ref of tablesOf(subject.group, 'service')) {
    const there = await subject.service.query<{ there: boolean }>(
      `select to_regclass(${literal(quoted(ref))}) is not null as there`,
    );
    if (!there.rows[0]?.there) continue;
    const { rows } = await subject.service.query(`select from ${quoted(ref)} limit 1`);
    if (rows.length > 0) filled.push(ref);
  }
  if (filled.length === 0) return [];
  return [
    {
      level: 'refuse',
      side: 'service',
      where: filled.map((ref) => ref.name).join(', '),
      message: 'The service already has rows in tables that the first copy fills.',
      mend: `TRUNCATE ${tablesOf(subject.group, 'service').map(quoted).join(', ')};`,
    },
  ];
}
