import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What support has heard of orders and erased accounts. It stays with this side, wherever support's own tables move. */
export class SupportHeard1700000022000 implements MigrationInterface {
  async up(db: QueryRunner): Promise<void> {
    await db.query(`
      create table sup_ord_evt (
        ord_id integer not null,
        ver_no bigint not null,
        usr_id integer not null,
        evt_cd text not null,
        evt_dt timestamptz not null,
        primary key (ord_id, ver_no)
      )`);
    await db.query('create index sup_ord_evt_usr_idx on sup_ord_evt (usr_id, evt_dt desc)');
    // Whose words are to be erased; settled once nothing of theirs can come any more.
    await db.query(`
      create table sup_ers (
        usr_id integer primary key,
        ver_no bigint not null,
        crt_dt timestamptz not null default now(),
        done_dt timestamptz
      )`);
    await db.query('create index sup_ers_open_idx on sup_ers (usr_id) where done_dt is null');
    await db.query(`create index evt_out_ers_idx on evt_out (crt_dt) where evt_cd = 'user.erased'`);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query('drop index evt_out_ers_idx');
    await db.query('drop table sup_ers, sup_ord_evt');
  }
}
