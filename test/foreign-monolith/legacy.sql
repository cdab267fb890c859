-- A wallet application as another framework would have made it: plural names, uuid keys, cents, a table without a key.
create table wallets (
  id uuid primary key,
  owner_name text not null,
  balance_cents bigint not null check (balance_cents >= 0),
  currency char(3) not null default 'EUR',
  -- Optimistic locking of the old framework; the service has no use for it.
  lock_version integer not null default 0,
  created_at timestamp with time zone not null default now()
);

create table transfers (
  id uuid primary key,
  from_wallet_id uuid not null references wallets (id),
  to_wallet_id uuid not null references wallets (id),
  amount_cents bigint not null check (amount_cents > 0),
  memo text,
  created_at timestamp with time zone not null default now()
);

create table wallet_tags (
  wallet_id uuid not null,
  tag text not null
);
-- Without a primary key, a change must carry the whole old row.
alter table wallet_tags replica identity full;

create table notes (
  id uuid primary key,
  body text not null
);
