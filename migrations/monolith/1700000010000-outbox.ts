import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What happened, for others to read in the order in which it was committed. Belongs to no module. */
export class Outbox1700000010000 implements MigrationInterface {
  async up(db: QueryRunner): Promise<void> {
    await db.query(`
      create table evt_out (
        evt_id uuid primary key default gen_random_uuid(),
        agg_cd text not null,
        agg_id text not null,
        evt_cd text not null,
        ver_no bigint not null,
        data jsonb not null,
        crt_dt timestamptz not null default now()
      )`);
    await db.query('create index evt_out_crt_idx on evt_out (crt_dt, evt_id)');
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query('drop table evt_out');
  }
}
