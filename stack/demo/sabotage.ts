import pg from 'pg';
import type { Shop } from '../shop.ts';
import type { Sabotage } from './options.ts';
import type { Crowd } from './shoppers/crowd.ts';
import type { Tamper } from './shoppers/shop-client.ts';

/** Alters one answer once it is armed: a merchant reads a price that nobody set. */
export class AnswerShim {
  #armed = false;

  arm(): void {
    this.#armed = true;
  }

  readonly tamper: Tamper = (who, ask, text) => {
    if (!this.#armed || ask.method !== 'GET' || ask.route !== '/products/:id' || !who.startsWith('merchant'))
      return undefined;
    this.#armed = false;
    return text.replace(
      /"amount":"(\d+)\.(\d\d)"/,
      (_, whole: string, cents: string) => `"amount":"${Number(whole) + 1}.${cents}"`,
    );
  };
}

/**
 * Breaks something while the service owns the catalogue, where neither shopper nor tool looks. Returns what it did, in words. The
 * demo must end with exit code 1 and name it.
 */
export async function sabotage(kind: Sabotage, shop: Shop, crowd: Crowd, shim: AnswerShim): Promise<string> {
  const { ledger } = crowd;
  const victim = ledger.adjustments.find(({ outcome, delta }) => outcome === 'acknowledged' && delta > 0);
  if (victim === undefined) throw new Error('Nothing was acknowledged yet that could be sabotaged.');
  switch (kind) {
    case 'answer':
      shim.arm();
      return "one answer to a merchant's GET /products/:id is altered on its way";
    case 'lost':
      // An ordinary delete by the owner: sync carries it to the other side, so that both agree.
      await run(shop.databases.catalogue, [`delete from stock_adjustments where id = '${victim.id}'`]);
      return `stock adjustment ${victim.id} is deleted on both sides`;
    case 'doubled':
      await run(shop.databases.catalogue, [
        `update stock_levels set on_hand = on_hand + ${victim.delta} where product_id = ${victim.productId}`,
      ]);
      return `stock adjustment ${victim.id} of product ${victim.productId} takes effect twice`;
    case 'row': {
      const id = crowd.goods.shelf[0]?.id ?? 1;
      // As a stray session of the tool would: past the guard, and with an origin of its own, past capture.
      await run(
        shop.databases.legacy,
        [
          `select pg_replication_origin_create('demo_sabotage')`,
          `select pg_replication_origin_session_setup('demo_sabotage')`,
          `set session_replication_role = replica`,
          `update prod set prod_nm = prod_nm || ' (altered)' where prod_id = ${id}`,
        ],
        'matapalo',
      );
      return `product ${id} is altered in the monolith's database, which does not own it`;
    }
  }
}

async function run(url: string, statements: readonly string[], user?: string): Promise<void> {
  const connection = new URL(url);
  if (user !== undefined) connection.username = user;
  const db = new pg.Client({ connectionString: connection.href, application_name: 'sabotage' });
  await db.connect();
  try {
    for (const statement of statements) await db.query(statement);
  } finally {
    await db.end();
  }
}
