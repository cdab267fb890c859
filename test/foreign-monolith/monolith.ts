import { serveWallets, type Transfer, type WalletStore } from './wallet-server.ts';

const transferColumns = `id, from_wallet_id as "from", to_wallet_id as "to", amount_cents::int as cents, memo`;
const walletColumns = `id, owner_name as holder, balance_cents::int as cents, currency`;

const store: WalletStore = {
  async list(db, limit) {
    return (await db.query(`select ${walletColumns} from wallets order by id limit $1`, [limit])).rows;
  },
  async find(db, id) {
    const tags = `array(select tag from wallet_tags where wallet_id = wallets.id order by tag collate "C")`;
    return (
      await db.query<object>(`select ${walletColumns}, ${tags} as tags from wallets where id = $1`, [id])
    ).rows[0];
  },
  async findTransfer(db, id) {
    return (await db.query<Transfer>(`select ${transferColumns} from transfers where id = $1`, [id])).rows[0];
  },
  async transfer(db, { id, from, to, cents, memo }) {
    // Locked before the insert, whose foreign keys take share locks on the same rows in no fixed order.
    const { rows } = await db.query<{ id: string; cents: number }>(
      'select id, balance_cents::int as cents from wallets where id in ($1, $2) order by id for update',
      [from, to],
    );
    const balance = rows.find((row) => row.id === from)?.cents ?? 0;
    if (rows.length !== 2 || balance < cents) return false;
    await db.query(
      'insert into transfers (id, from_wallet_id, to_wallet_id, amount_cents, memo) values ($1, $2, $3, $4, $5)',
      [id, from, to, cents, memo],
    );
    await db.query(
      'update wallets set balance_cents = balance_cents - $2, lock_version = lock_version + 1 where id = $1',
      [from, cents],
    );
    await db.query(
      'update wallets set balance_cents = balance_cents + $2, lock_version = lock_version + 1 where id = $1',
      [to, cents],
    );
    return true;
  },
  async tag(db, wallet, tag) {
    await db.query(
      'insert into wallet_tags (wallet_id, tag) select $1, $2 where not exists (select from wallet_tags where wallet_id = $1 and tag = $2)',
      [wallet, tag],
    );
  },
  async untag(db, wallet, tag) {
    await db.query('delete from wallet_tags where wallet_id = $1 and tag = $2', [wallet, tag]);
  },
};

await serveWallets('monolith', process.env['DATABASE_URL'] ?? '', Number(process.env['PORT']), store);
