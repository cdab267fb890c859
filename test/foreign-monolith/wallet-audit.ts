import pg from 'pg';
import type { LedgerEntry } from './wallet-load.ts';

/** What the audit found, from the databases and the ledger alone; it knows nothing of how rows travel. */
export interface Audit {
  lost: string[];
  doubled: string[];
  unexplained: string[];
  /** Difference of the total of money to what was seeded, in cents. */
  moneyDrift: number;
  /** Wallets whose balance is not its start plus its transfers. */
  wrongBalances: string[];
  /** Rows that the two databases do not agree on. */
  sidesDiffer: string[];
}

export const cleanAudit: Audit = {
  lost: [],
  doubled: [],
  unexplained: [],
  moneyDrift: 0,
  wrongBalances: [],
  sidesDiffer: [],
};

interface Side {
  wallets: Map<string, number>;
  transfers: Map<string, string>;
  tags: Set<string>;
}

const legacySql = {
  wallets: 'select id, balance_cents::int8 as cents from wallets',
  transfers: `select id, from_wallet_id || '>' || to_wallet_id || ' ' || amount_cents as text from transfers`,
  tags: `select wallet_id || ' ' || tag as text from wallet_tags`,
};
const serviceSql = {
  wallets: 'select id, (balance * 100)::int8 as cents from accounts',
  transfers: `select id, debit_account || '>' || credit_account || ' ' || (amount * 100)::int8 as text from movements`,
  tags: `select account_id || ' ' || label as text from account_labels`,
};

async function readSide(url: string, sql: typeof legacySql): Promise<Side> {
  const db = new pg.Client({ connectionString: url });
  await db.connect();
  try {
    await db.query('begin isolation level repeatable read read only');
    const wallets = await db.query<{ id: string; cents: string }>(sql.wallets);
    const transfers = await db.query<{ id: string; text: string }>(sql.transfers);
    const tagRows = await db.query<{ text: string }>(sql.tags);
    await db.query('commit');
    return {
      wallets: new Map(wallets.rows.map((row) => [row.id, Number(row.cents)])),
      transfers: new Map(transfers.rows.map((row) => [row.id, row.text])),
      tags: new Set(tagRows.rows.map((row) => row.text)),
    };
  } finally {
    await db.end();
  }
}

export interface AuditInput {
  legacyUrl: string;
  serviceUrl: string;
  owner: 'legacy' | 'service';
  /** Each wallet's balance in cents before any load. */
  start: ReadonlyMap<string, number>;
  ledger: readonly LedgerEntry[];
}

export async function audit(input: AuditInput): Promise<Audit> {
  const legacy = await readSide(input.legacyUrl, legacySql);
  const service = await readSide(input.serviceUrl, serviceSql);
  const owner = input.owner === 'legacy' ? legacy : service;
  const known = new Map(input.ledger.map((entry) => [entry.id, entry]));
  const expected = new Map(input.start);
  const lost: string[] = [];
  const unexplained: string[] = [];
  for (const entry of input.ledger) {
    const there = owner.transfers.has(entry.id);
    if (entry.outcome === 'acknowledged' && !there) lost.push(entry.id);
    if (entry.outcome === 'refused' && there) unexplained.push(`${entry.id} was refused, yet is there`);
  }
  for (const id of owner.transfers.keys()) {
    const entry = known.get(id);
    if (entry === undefined) {
      unexplained.push(`${id} was never asked for`);
      continue;
    }
    expected.set(entry.from, (expected.get(entry.from) ?? 0) - entry.cents);
    expected.set(entry.to, (expected.get(entry.to) ?? 0) + entry.cents);
  }
  const wrongBalances = [...expected]
    .filter(([id, cents]) => owner.wallets.get(id) !== cents)
    .map(([id, cents]) => `${id}: ${owner.wallets.get(id)} for ${cents}`);
  const total = (map: ReadonlyMap<string, number>) =>
    [...map.values()].reduce((sum, cents) => sum + cents, 0);
  // A transfer applied twice shows as a balance that is wrong by a multiple of it, since its own row is unique.
  return {
    lost,
    doubled: wrongBalances.length > 0 && lost.length === 0 ? wrongBalances : [],
    unexplained,
    moneyDrift: total(owner.wallets) - total(input.start),
    wrongBalances,
    sidesDiffer: [
      ...differing(legacy.wallets, service.wallets, 'wallet'),
      ...differing(legacy.transfers, service.transfers, 'transfer'),
      ...[...legacy.tags].filter((tag) => !service.tags.has(tag)).map((tag) => `tag ${tag} only in legacy`),
      ...[...service.tags].filter((tag) => !legacy.tags.has(tag)).map((tag) => `tag ${tag} only in service`),
    ],
  };
}

function differing<T>(
  legacy: ReadonlyMap<string, T>,
  service: ReadonlyMap<string, T>,
  what: string,
): string[] {
  const keys = new Set([...legacy.keys(), ...service.keys()]);
  return [...keys]
    .filter((key) => legacy.get(key) !== service.get(key))
    .map((key) => `${what} ${key}: ${String(legacy.get(key))} / ${String(service.get(key))}`);
}
