import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Accounts that ended, whose addresses the orders are to forget. It stays with this side, wherever the orders' tables move. */
export class OrdersErasures1700000023000 implements MigrationInterface {
  async up(db: QueryRunner): Promise<void> {
    await db.query(`
      create table ord_ers (
        usr_id integer primary key,
        ver_no bigint not null,
        crt_dt timestamptz not null default now(),
        done_dt timestamptz
      )`);
    await db.query('create index ord_ers_open_idx on ord_ers (usr_id) where done_dt is null');
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query('drop table ord_ers');
  }
}
