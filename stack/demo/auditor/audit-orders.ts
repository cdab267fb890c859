import type { Ledger, OrderEntry } from '../shoppers/ledger.ts';
import type { Findings } from './findings.ts';
import type { CatalogueBooks, OrderRecord, ShopBooks } from './read-books.ts';

const codes: Record<OrderEntry['state'], string> = { confirmed: 'C', cancelled: 'X', declined: 'F' };

/** Orders are there once, with the lines and the total that were acknowledged; money adds up; their goods were reserved. */
export function auditOrders(ledger: Ledger, shop: ShopBooks, now: CatalogueBooks, findings: Findings): void {
  const byKey = new Map<string, OrderRecord[]>();
  for (const order of shop.orders) byKey.set(order.key, [...(byKey.get(order.key) ?? []), order]);
  const known = new Set(ledger.orders.map(({ key }) => key));
  for (const order of shop.orders) {
    if (!known.has(order.key)) findings.add('unexplained', `order ${order.id} was never asked for`);
    auditMoney(order, findings);
    auditGoods(order, now, findings);
  }
  for (const entry of ledger.orders) {
    const found = byKey.get(entry.key) ?? [];
    if (found.length > 1)
      findings.add('doubled', `order with key ${entry.key}: ${found.map(({ id }) => id).join(', ')}`);
    const order = found[0];
    if (entry.outcome === 'unknown') continue;
    if (order === undefined) {
      if (entry.outcome === 'acknowledged')
        findings.add('lost', `order ${entry.orderId} with key ${entry.key}`);
      continue;
    }
    if (entry.uncertain) continue;
    if (order.code !== codes[entry.state])
      findings.add('lost', `order ${order.id} was acknowledged as ${entry.state} and is ${order.code}`);
    if (order.totalCents !== entry.totalCents || !sameLines(order, entry))
      findings.add('lost', `order ${order.id} has other lines or another total than were acknowledged`);
  }
  for (const { userId, name, uncertain } of ledger.profiles.values()) {
    if (!uncertain && shop.names.get(userId) !== name)
      findings.add(
        'lost',
        `user ${userId}: the last acknowledged name was ${name}, there is ${shop.names.get(userId)}`,
      );
  }
}

function sameLines(order: OrderRecord, entry: OrderEntry): boolean {
  return (
    order.lines.length === entry.lines.length &&
    entry.lines.every((wanted) =>
      order.lines.some(
        (line) =>
          line.productId === wanted.productId &&
          line.quantity === wanted.quantity &&
          line.priceCents === wanted.priceCents,
      ),
    )
  );
}

/** Total is the sum of the lines; one charge of it once paid; one refund of it once cancelled. */
function auditMoney(order: OrderRecord, findings: Findings): void {
  const sum = order.lines.reduce((total, line) => total + line.quantity * line.priceCents, 0);
  if (sum !== order.totalCents)
    findings.add(
      'unexplained',
      `order ${order.id} totals ${order.totalCents} cents, its lines add up to ${sum}`,
    );
  const expected: Record<string, string> = { C: 'C', S: 'C', D: 'C', X: 'CR', B: 'CR', F: '' };
  const wanted = expected[order.code];
  if (wanted === undefined) return;
  const paid = order.payments.map(({ kind }) => kind).join('');
  if (paid !== wanted || order.payments.some(({ cents }) => cents !== order.totalCents)) {
    const kind = paid.length > wanted.length ? 'doubled' : 'lost';
    findings.add(kind, `order ${order.id} (${order.code}) has payments ${JSON.stringify(order.payments)}`);
  }
}

function auditGoods(order: OrderRecord, now: CatalogueBooks, findings: Findings): void {
  if (!'CSDX'.includes(order.code) || order.reservationId === null) return;
  const state = now.reservation.get(order.reservationId)?.[0];
  if (state !== 'committed')
    findings.add('lost', `reservation of order ${order.id} is ${JSON.stringify(state)}, not committed`);
  for (const { productId, quantity } of order.lines) {
    if (now.line.get(`${order.reservationId} ${productId}`)?.[0] !== quantity)
      findings.add('lost', `line of product ${productId} in the reservation of order ${order.id}`);
  }
}
