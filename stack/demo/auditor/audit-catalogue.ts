import type { Ledger, ProductEntry } from '../shoppers/ledger.ts';
import type { Findings } from './findings.ts';
import type { CatalogueBooks } from './read-books.ts';

/** Reservations and stock corrections that orders made on the shoppers' behalf, by id. */
export interface ByOrders {
  reservations: ReadonlySet<string>;
}

/** Every acknowledged write of the catalogue is in the owner's books, and nothing that was not asked for. */
export function auditCatalogue(
  ledger: Ledger,
  start: CatalogueBooks,
  now: CatalogueBooks,
  byOrders: ByOrders,
  findings: Findings,
): void {
  for (const entry of ledger.products.values()) auditProduct(entry, now, findings);
  auditCreations(ledger, start, now, findings);
  auditAdjustments(ledger, now, findings);
  auditReservations(ledger, now, byOrders, findings);
}

function auditProduct(entry: ProductEntry, now: CatalogueBooks, findings: Findings): void {
  const row = now.product.get(String(entry.id));
  if (row === undefined) {
    findings.add('lost', `product ${entry.id} (${entry.sku}) is gone`);
    return;
  }
  if (entry.uncertain) return;
  const [sku, name, description, categoryId, cents, , active] = row;
  const wrong = Object.entries({
    sku: [entry.sku, sku],
    name: [entry.name, name],
    description: [entry.description, description],
    category: [entry.categoryId, categoryId],
    price: [entry.priceCents, cents],
    active: [entry.status === 'active', active],
  }).filter(([, [expected, actual]]) => expected !== actual);
  for (const [field, [expected, actual]] of wrong) {
    findings.add(
      'lost',
      `product ${entry.id}: the last acknowledged ${field} was ${JSON.stringify(expected)}, there is ${JSON.stringify(actual)}`,
    );
  }
}

function auditCreations(
  ledger: Ledger,
  start: CatalogueBooks,
  now: CatalogueBooks,
  findings: Findings,
): void {
  const wanted = new Map(ledger.creations.map((entry) => [entry.sku, entry]));
  const seen = new Map<string, number>();
  for (const [key, row] of now.product) {
    if (start.product.has(key)) continue;
    const sku = String(row[0]);
    seen.set(sku, (seen.get(sku) ?? 0) + 1);
    const entry = wanted.get(sku);
    if (entry === undefined) findings.add('unexplained', `product ${key} (${sku}) was never asked for`);
    else if (entry.outcome === 'refused') findings.add('refused', `product ${sku} was refused, yet is there`);
  }
  for (const entry of ledger.creations) {
    const times = seen.get(entry.sku) ?? 0;
    if (entry.outcome === 'acknowledged' && times === 0) findings.add('lost', `created product ${entry.sku}`);
    if (times > 1) findings.add('doubled', `product ${entry.sku} was created ${times} times`);
  }
}

function auditAdjustments(ledger: Ledger, now: CatalogueBooks, findings: Findings): void {
  for (const entry of ledger.adjustments) {
    const row = now.adjustment.get(entry.id);
    if (entry.outcome === 'acknowledged' && (row?.[0] !== entry.productId || row[1] !== entry.delta)) {
      findings.add('lost', `stock adjustment ${entry.id} of product ${entry.productId} by ${entry.delta}`);
    }
    if (entry.outcome === 'refused' && row !== undefined)
      findings.add('refused', `stock adjustment ${entry.id} was refused, yet is there`);
  }
}

function auditReservations(
  ledger: Ledger,
  now: CatalogueBooks,
  byOrders: ByOrders,
  findings: Findings,
): void {
  for (const entry of ledger.reservations) {
    const state = now.reservation.get(entry.id)?.[0];
    if (entry.outcome === 'refused' && state !== undefined)
      findings.add('refused', `reservation ${entry.id} was refused, yet is there`);
    if (entry.outcome !== 'acknowledged') continue;
    if (state === undefined) {
      findings.add('lost', `reservation ${entry.id}`);
      continue;
    }
    const right = state === entry.state || entry.uncertain || (entry.mayExpire && state === 'expired');
    if (!right)
      findings.add(
        'lost',
        `reservation ${entry.id} was acknowledged as ${entry.state} and is ${JSON.stringify(state)}`,
      );
    for (const { productId, quantity } of entry.lines) {
      if (now.line.get(`${entry.id} ${productId}`)?.[0] !== quantity)
        findings.add('lost', `line of product ${productId} in reservation ${entry.id}`);
    }
  }
  const known = new Set(ledger.reservations.map(({ id }) => id));
  for (const id of now.reservation.keys()) {
    if (!known.has(id) && !byOrders.reservations.has(id))
      findings.add('unexplained', `reservation ${id} was never asked for`);
  }
}
