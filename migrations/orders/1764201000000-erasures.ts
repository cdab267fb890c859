import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Accounts that this side has heard to have ended, whose addresses are to be erased; settled once nothing of theirs can come any
 * more. It is no part of what is synchronised: each side hears for itself, owner or not.
 */
export class Erasures1764201000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
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
    await runner.query('drop table erasures');
  }
}
