import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The control database: where groups stand, what was asked, what was done. One row a fact; times in UTC. */
export class Control1700000000000 implements MigrationInterface {
  name = 'Control1700000000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table route_group (
        name text primary key,
        phase text not null default 'legacy'
          check (phase in ('legacy', 'syncing', 'shadow', 'canary', 'migrated', 'retired')),
        -- The ownership epoch that the published routes belong to; 0 before the first sync.
        epoch bigint not null default 0,
        canary_percent integer not null default 0 check (canary_percent between 0 and 100),
        -- Set while a switch or rollback holds the group's writes; the id of the transition.
        holding uuid,
        -- Why the group is stopped, as {code, message, hint, at}; null while it is well.
        stopped jsonb,
        changed_at timestamptz not null default now()
      );

      -- The version of all that proxies route by. Every change to route_group raises it in the same transaction.
      create table route_version (
        "only" boolean primary key default true check ("only"),
        version bigint not null
      );
      insert into route_version (version) values (1);

      create table proxy (
        id text primary key,
        url text not null,
        config_hash text not null,
        -- The route version this proxy has adopted.
        version bigint not null,
        -- {transition id: true} for holds under which no old write is in flight any more.
        drained jsonb not null default '{}',
        held integer not null default 0,
        -- Counts the proxy's marks: see progress.covered.
        mark bigint not null default 0,
        started_at timestamptz not null default now(),
        beat_at timestamptz not null default now(),
        -- After this the proxy no longer serves reads of groups in transition from its last table.
        lease_until timestamptz not null
      );

      create table transition (
        id uuid primary key,
        group_name text not null references route_group (name),
        kind text not null,
        from_phase text not null,
        to_phase text not null,
        from_epoch bigint not null,
        state text not null default 'running' check (state in ('running', 'done', 'undone', 'failed')),
        args jsonb not null default '{}',
        asked_by text not null,
        -- The leader's term that may write its journal.
        term bigint not null,
        predicted_pause_ms double precision,
        measured jsonb,
        reason text,
        started_at timestamptz not null default clock_timestamp(),
        ended_at timestamptz
      );
      create unique index transition_one_running on transition (group_name) where state = 'running';
      create index transition_by_group on transition (group_name, started_at desc);

      create table journal (
        transition_id uuid not null references transition (id),
        seq integer not null,
        step text not null,
        detail jsonb not null default '{}',
        at timestamptz not null default clock_timestamp(),
        primary key (transition_id, seq)
      );

      -- Raised by each operator that takes the lead; an older term's writes are refused.
      create table leadership (
        "only" boolean primary key default true check ("only"),
        term bigint not null,
        holder text not null,
        url text not null,
        since timestamptz not null default now()
      );

      -- One row a group and direction, kept by the cdc worker that runs it.
      create table progress (
        group_name text not null,
        direction text not null check (direction in ('forward', 'reverse')),
        worker text not null,
        transport text not null,
        state text not null check (state in ('preparing', 'backfilling', 'catching-up', 'streaming', 'stopped')),
        -- Newest applied beat.
        beat_n bigint,
        beat_epoch bigint,
        beat_owner text,
        beat_at timestamptz,
        applied_at timestamptz,
        -- Age of the newest applied beat, and its parts.
        lag_ms double precision,
        capture_lag_ms double precision,
        apply_lag_ms double precision,
        retained_bytes bigint,
        slot_state text,
        rows_applied bigint not null default 0,
        -- [{table, rows, estimate, done}]
        backfill jsonb,
        -- {code, message, hint, position, event}
        error jsonb,
        -- {proxy id: mark}: every write answered before that mark has been applied.
        covered jsonb not null default '{}',
        updated_at timestamptz not null default now(),
        primary key (group_name, direction)
      );

      create table job (
        id uuid primary key,
        group_name text not null references route_group (name),
        kind text not null check (kind in ('verify', 'repair', 'skip', 'resync')),
        args jsonb not null default '{}',
        state text not null default 'queued' check (state in ('queued', 'running', 'done', 'failed')),
        progress jsonb,
        result jsonb,
        asked_by text not null,
        created_at timestamptz not null default now(),
        started_at timestamptz,
        ended_at timestamptz
      );
      create index job_open on job (created_at) where state in ('queued', 'running');

      create table verification (
        id uuid primary key,
        group_name text not null,
        direction text not null,
        state text not null check (state in ('running', 'clean', 'different', 'failed')),
        rows bigint not null default 0,
        missing bigint not null default 0,
        extra bigint not null default 0,
        different bigint not null default 0,
        -- [{table, key, kind: missing|extra|different}], bounded.
        samples jsonb not null default '[]',
        -- [{table, rows, done}]
        progress jsonb not null default '[]',
        started_at timestamptz not null default now(),
        ended_at timestamptz,
        expires_at timestamptz
      );
      create index verification_newest on verification (group_name, direction, started_at desc);

      -- Shadow comparisons by route, kept by the proxies.
      create table comparison (
        group_name text not null,
        route text not null,
        class text not null check (class in ('equal', 'lag', 'noise', 'ordering', 'code')),
        count bigint not null default 0,
        primary key (group_name, route, class)
      );
      create table comparison_sample (
        id bigint generated always as identity primary key,
        group_name text not null,
        route text not null,
        class text not null,
        detail jsonb not null,
        at timestamptz not null default now()
      );

      create table audit (
        id bigint generated always as identity primary key,
        at timestamptz not null default now(),
        who text not null,
        role text not null,
        action text not null,
        target text not null,
        outcome text not null,
        detail jsonb not null default '{}'
      );

      create table api_token (
        -- SHA-256 of the token.
        hash text primary key,
        name text not null,
        role text not null check (role in ('viewer', 'operator')),
        created_at timestamptz not null default now()
      );

      create table setting (
        key text primary key,
        value jsonb not null
      );
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      drop table setting, api_token, audit, comparison_sample, comparison, verification, job, progress, leadership,
        journal, transition, proxy, route_version, route_group
    `);
  }
}
