import type { Ledger } from '../shoppers/ledger.ts';
import { auditCatalogue } from './audit-catalogue.ts';
import { auditOrders } from './audit-orders.ts';
import { auditStock } from './audit-stock.ts';
import { Findings } from './findings.ts';
import { newestOrder, readCatalogue, readShop, type CatalogueBooks } from './read-books.ts';
import { legacySql, serviceSql } from './side-sql.ts';

/** The books before anybody shopped. */
export interface Opening {
  catalogue: CatalogueBooks;
  newestOrder: number;
}

export async function openBooks(legacyUrl: string): Promise<Opening> {
  return { catalogue: await readCatalogue(legacyUrl, legacySql), newestOrder: await newestOrder(legacyUrl) };
}

export interface AuditInput {
  legacyUrl: string;
  serviceUrl: string;
  /** The side that owns the catalogue: its books count. */
  owner: 'legacy' | 'service';
  ledger: Ledger;
  opening: Opening;
}

/** Holds the databases to the ledger. Nobody may be shopping. Knows nothing of how rows travel. */
export async function audit({
  legacyUrl,
  serviceUrl,
  owner,
  ledger,
  opening,
}: AuditInput): Promise<Findings> {
  const findings = new Findings();
  const now =
    owner === 'legacy'
      ? await readCatalogue(legacyUrl, legacySql)
      : await readCatalogue(serviceUrl, serviceSql);
  const shop = await readShop(legacyUrl, opening.newestOrder);
  const reservations = new Set(shop.orders.flatMap(({ reservationId }) => reservationId ?? []));
  auditCatalogue(ledger, opening.catalogue, now, { reservations }, findings);
  auditStock(ledger, opening.catalogue, now, shop.orders, findings);
  auditOrders(ledger, shop, now, findings);
  return findings;
}
