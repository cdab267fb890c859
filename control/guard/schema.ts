import { guardLockClass, sqlStates } from '#plan/names.ts';

/**
 * The tool's schema in each captured database. One row a group says which side this database is, who owns the group and
 * at which epoch; triggers on the group's tables enforce it for every writer. Idempotent.
 */
export const schemaSql = `
create schema if not exists matapalo;

create table if not exists matapalo.ownership (
  group_name text primary key,
  -- Which side this database is for the group.
  side text not null check (side in ('legacy', 'service')),
  owner text not null check (owner in ('legacy', 'service')),
  epoch bigint not null,
  changed_at timestamptz not null default clock_timestamp()
);

-- What a monolith, in any language, may ask: who owns a group now?
create or replace view matapalo.owner as select group_name, owner, epoch from matapalo.ownership;

create table if not exists matapalo.beat (
  group_name text primary key,
  n bigint not null,
  epoch bigint not null,
  owner text not null,
  at timestamptz not null
);

-- How far the other side's changes have been applied here. Written in the transaction that applies them.
create table if not exists matapalo.checkpoint (
  group_name text not null,
  direction text not null check (direction in ('forward', 'reverse')),
  -- Rises with each applier that takes over; an older one's compare-and-set fails.
  term bigint not null default 0,
  -- Position of the newest applied change; see cdc/capture for its meaning by transport.
  pos_major numeric(20) not null default 0,
  pos_minor numeric(20) not null default 0,
  -- Newest applied beat.
  beat_n bigint,
  beat_epoch bigint,
  beat_owner text,
  beat_at timestamptz,
  -- Source time of the newest applied transaction, and when it was applied.
  source_at timestamptz,
  applied_at timestamptz,
  -- Identity of what is read: system identifier, timeline, slot, topic id and offset.
  source jsonb not null default '{}',
  primary key (group_name, direction)
);

-- Progress of the first copy, by key range, with the snapshot that each range was read under.
create table if not exists matapalo.backfill_range (
  group_name text not null,
  direction text not null,
  entry text not null,
  range_no integer not null,
  -- Keys as text arrays: from is exclusive, to inclusive, null is open.
  key_from text[],
  key_to text[],
  snapshot text not null,
  rows bigint not null,
  done_at timestamptz not null default clock_timestamp(),
  primary key (group_name, direction, entry, range_no)
);

-- Who wrote since sync, as sampled.
create table if not exists matapalo.census (
  group_name text not null,
  role text not null,
  application_name text not null,
  client_addr text not null,
  first_seen timestamptz not null default now(),
  last_seen timestamptz not null default now(),
  primary key (group_name, role, application_name, client_addr)
);
`;

/**
 * The body shared by the statement and the row guard.
 *
 * - VOLATILE: each statement inside sees what committed meanwhile; a STABLE function would read the caller's old snapshot.
 * - SECURITY DEFINER with a fixed search_path: ordinary roles need no right on the tool's tables.
 * - The shared lock is held to the end of the writer's transaction: a fence, taking it exclusively, waits for writers in
 *   flight (prepared ones too), and a writer that waited for the fence reads the new owner.
 * - Above READ COMMITTED the read is FOR SHARE: a snapshot older than the fence fails with 40001 instead of writing past it.
 * - In the replica role (our own applier) the rule is the opposite: only the tool's role, and only where this side is *not*
 *   the owner, so that an applier which stalled through a rollback cannot overwrite an acknowledged write.
 */
const guardBody = (finish: string) =>
  `
declare
  this_side text;
  this_owner text;
begin
  perform pg_catalog.pg_advisory_xact_lock_shared(${guardLockClass}, tg_argv[1]::pg_catalog.int4);
  if pg_catalog.current_setting('transaction_isolation') = 'read committed' then
    select o.side, o.owner into this_side, this_owner from matapalo.ownership o where o.group_name = tg_argv[0];
  else
    select o.side, o.owner into this_side, this_owner from matapalo.ownership o where o.group_name = tg_argv[0] for share;
  end if;
  if pg_catalog.current_setting('session_replication_role') = 'replica' then
    if session_user is distinct from current_user or this_side is null or this_owner is not distinct from this_side then
      raise exception 'a replicated write to %.% is refused: group % is owned by this side (%)',
        tg_table_schema, tg_table_name, tg_argv[0], pg_catalog.coalesce(this_side, 'unknown')
        using errcode = '${sqlStates.staleApplier}',
              hint = 'Only the tool''s own role may replicate, and only into the side that does not own the group.';
    end if;
  elsif this_side is null or this_owner is distinct from this_side then
    -- A sequence keeps its count although the writer's transaction is about to be rolled back.
    begin
      perform pg_catalog.nextval(pg_catalog.format('matapalo.%I', 'refused_' || tg_argv[0])::pg_catalog.regclass);
    exception when others then
      null;
    end;
    raise exception 'a write to %.% is refused: group % belongs to %',
      tg_table_schema, tg_table_name, tg_argv[0], pg_catalog.coalesce(this_owner, 'nobody')
      using errcode = '${sqlStates.notOwner}',
            hint = 'Send the write to the owner, through the proxy. matapalo.owner says who that is.';
  end if;
  ${finish}
end`.replaceAll('pg_catalog.coalesce', 'coalesce');

export const functionsSql = `
create or replace function matapalo.guard() returns trigger
  language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
  as $guard$${guardBody('return null;')}$guard$;

-- For partitioned tables (cloned to new partitions) and tables that a native subscription writes.
create or replace function matapalo.guard_row() returns trigger
  language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
  as $guard$${guardBody("if tg_op = 'DELETE' then return old; end if;\n  return new;")}$guard$;

grant usage on schema matapalo to public;
grant select on matapalo.owner to public;
-- A table's owner needs it to add a partition: the row guard is cloned in the owner's name. Calling it means nothing.
grant execute on function matapalo.guard(), matapalo.guard_row() to public;
`;
