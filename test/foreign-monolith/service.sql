create table accounts (
  id uuid primary key,
  holder text not null,
  balance numeric(14, 2) not null check (balance >= 0),
  currency text not null,
  opened_at timestamptz not null default now()
);

create table movements (
  id uuid primary key,
  debit_account uuid not null references accounts (id),
  credit_account uuid not null references accounts (id),
  amount numeric(14, 2) not null check (amount > 0),
  memo text,
  made_at timestamptz not null default now()
);

create table account_labels (
  account_id uuid not null,
  label text not null,
  primary key (account_id, label)
);
