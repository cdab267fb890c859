import type { MigrationInterface, QueryRunner } from 'typeorm';

/** An order's row may come in parts, one after the other within a transaction: what is not there yet has a default. */
export class OrdersInParts1700000013000 implements MigrationInterface {
  async up(db: QueryRunner): Promise<void> {
    await db.query(`
      alter table ord
        alter ship_nm set default '',
        alter ship_addr set default '',
        alter idem_key set default gen_random_uuid()::text,
        alter req_hsh set default ''`);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query(`
      alter table ord alter ship_nm drop default, alter ship_addr drop default, alter idem_key drop default,
        alter req_hsh drop default`);
  }
}
