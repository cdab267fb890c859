import type { MigrationInterface, QueryRunner } from 'typeorm';

/** An event may say which version of its aggregate it tells of, so that a reader drops what is older than it knows. */
export class OutboxVersion1764000001000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('alter table outbox add version bigint');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('alter table outbox drop version');
  }
}
