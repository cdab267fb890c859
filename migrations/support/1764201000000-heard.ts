import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * What this side has heard from others. It is no part of what is synchronised: each side hears for itself, owner or not. The
 * keys make a second delivery nothing new.
 */
export class Heard1764201000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table order_history (
        order_id integer not null,
        version bigint not null,
        customer_id integer not null,
        type text not null,
        at timestamptz not null,
        primary key (order_id, version)
      );
      create index order_history_customer on order_history (customer_id, at desc);
      -- Whose words are to be erased; settled once nothing of theirs can come any more.
      create table erasures (
        user_id integer primary key,
        version bigint not null,
        heard_at timestamptz not null default now(),
        settled_at timestamptz
      );
      create index erasures_open on erasures (user_id) where settled_at is null;
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table erasures, order_history');
  }
}
