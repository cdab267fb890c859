import { serveWallets, type Transfer, type WalletStore } from './wallet-server.ts';

const transferColumns = `id, debit_account as "from", credit_account as "to", (amount * 100)::int as cents, memo`;
const walletColumns = `id, holder, (balance * 100)::int as cents, currency`;

const store: WalletStore = {
  async list(db, limit) {
    return (await db.query(`select ${walletColumns} from accounts order by id limit $1`, [limit])).rows;
  },
  async find(db, id) {
    const tags = `array(select label from account_labels where account_id = accounts.id order by label collate "C")`;
    return (
      await db.query<object>(`select ${walletColumns}, ${tags} as tags from accounts where id = $1`, [id])
    ).rows[0];
  },
  async findTransfer(db, id) {
    return (await db.query<Transfer>(`select ${transferColumns} from movements where id = $1`, [id])).rows[0];
  },
  async transfer(db, { id, from, to, cents, memo }) {
    // Locked before the insert, whose foreign keys take share locks on the same rows in no fixed order.
    const { rows } = await db.query<{ id: string; cents: number }>(
      'select id, (balance * 100)::int as cents from accounts where id in ($1, $2) order by id for update',
      [from, to],
    );
    const balance = rows.find((row) => row.id === from)?.cents ?? 0;
    if (rows.length !== 2 || balance < cents) return false;
    await db.query(
      'insert into movements (id, debit_account, credit_account, amount, memo) values ($1, $2, $3, $4::numeric / 100, $5)',
      [id, from, to, cents, memo],
    );
    await db.query('update accounts set balance = balance - $2::numeric / 100 where id = $1', [from, cents]);
    await db.query('update accounts set balance = balance + $2::numeric / 100 where id = $1', [to, cents]);
    return true;
  },
  async tag(db, wallet, tag) {
    await db.query('insert into account_labels (account_id, label) values ($1, $2) on conflict do nothing', [
      wallet,
      tag,
    ]);
  },
  async untag(db, wallet, tag) {
    await db.query('delete from account_labels where account_id = $1 and label = $2', [wallet, tag]);
  },
};

await serveWallets('service', process.env['DATABASE_URL'] ?? '', Number(process.env['PORT']), store);
