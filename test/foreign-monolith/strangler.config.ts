import { defineStrangler } from '#plan/config.ts';

const env = (name: string): string => process.env[name] ?? '';

export default defineStrangler({
  control: { url: env('FOREIGN_CONTROL_DB') },
  secret: 'a secret of thirty-two characters or more',
  monolith: { url: env('FOREIGN_MONOLITH_URL'), database: env('FOREIGN_LEGACY_DB') },
  services: { accounts: { url: env('FOREIGN_SERVICE_URL'), database: env('FOREIGN_SERVICE_DB') } },
  groups: {
    wallets: {
      service: 'accounts',
      routes: [
        'GET /wallets',
        'GET /wallets/:id',
        'POST /transfers',
        'GET /transfers/:id',
        'PUT /wallets/:id/tags/:tag',
        'DELETE /wallets/:id/tags/:tag',
      ],
      tables: [
        {
          legacy: 'wallets',
          service: 'accounts',
          forward: {
            id: 'id',
            holder: 'owner_name',
            balance: 'balance_cents / 100.0',
            currency: 'currency',
            opened_at: 'created_at',
          },
          reverse: {
            id: 'id',
            owner_name: 'holder',
            balance_cents: '(balance * 100)::bigint',
            currency: 'currency',
            created_at: 'opened_at',
          },
        },
        {
          legacy: 'transfers',
          service: 'movements',
          forward: {
            id: 'id',
            debit_account: 'from_wallet_id',
            credit_account: 'to_wallet_id',
            amount: 'amount_cents / 100.0',
            memo: 'memo',
            made_at: 'created_at',
          },
          reverse: {
            id: 'id',
            from_wallet_id: 'debit_account',
            to_wallet_id: 'credit_account',
            amount_cents: '(amount * 100)::bigint',
            memo: 'memo',
            created_at: 'made_at',
          },
        },
        {
          legacy: 'wallet_tags',
          service: 'account_labels',
          key: { legacy: ['wallet_id', 'tag'], service: ['account_id', 'label'] },
          forward: { account_id: 'wallet_id', label: 'tag' },
          reverse: { wallet_id: 'account_id', tag: 'label' },
        },
      ],
      limits: { minComparisons: 20, pauseBudgetMs: 30_000, drainTimeoutMs: 5_000 },
    },
  },
});
