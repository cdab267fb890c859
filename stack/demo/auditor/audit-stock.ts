import type { Ledger, Line } from '../shoppers/ledger.ts';
import type { Findings } from './findings.ts';
import type { CatalogueBooks, OrderRecord } from './read-books.ts';

interface Effect {
  /** What made it, in words. */
  cause: string;
  onHand: number;
}

/**
 * The law of stock: what is on hand is what was there, plus the adjustments, less what was committed; what is reserved is what
 * is held. A row that is there once but took effect twice breaks it.
 */
export function auditStock(
  ledger: Ledger,
  start: CatalogueBooks,
  now: CatalogueBooks,
  orders: readonly OrderRecord[],
  findings: Findings,
): void {
  const effects = new Map<number, Effect[]>();
  const held = new Map<number, number>();
  const uncertain = new Set<number>();
  const add = (productId: number, effect: Effect) =>
    effects.set(productId, [...(effects.get(productId) ?? []), effect]);

  for (const entry of ledger.creations) {
    if (entry.productId !== undefined)
      add(entry.productId, { cause: `creation of ${entry.sku}`, onHand: entry.onHand });
  }
  for (const { id, productId, delta, outcome } of ledger.adjustments) {
    if (outcome === 'acknowledged') add(productId, { cause: `stock adjustment ${id}`, onHand: delta });
    if (outcome === 'unknown') uncertain.add(productId);
  }
  const commit = (cause: string, lines: readonly Line[]) => {
    for (const { productId, quantity } of lines) add(productId, { cause, onHand: -quantity });
  };
  for (const entry of ledger.reservations) {
    const state = now.reservation.get(entry.id)?.[0];
    if (entry.outcome === 'unknown' || entry.uncertain) {
      for (const { productId } of entry.lines) uncertain.add(productId);
    } else if (entry.state === 'committed') commit(`commit of reservation ${entry.id}`, entry.lines);
    if (state === 'held') {
      for (const { productId, quantity } of entry.lines)
        held.set(productId, (held.get(productId) ?? 0) + quantity);
    }
  }
  // A cancelled order's goods have gone back: nothing is left of it in the stock.
  for (const order of orders) if ('CSD'.includes(order.code)) commit(`order ${order.id}`, order.lines);

  for (const productId of new Set([...start.stock.keys(), ...now.stock.keys()])) {
    const id = Number(productId);
    if (uncertain.has(id)) continue;
    const [onHandThen = 0, reservedThen = 0] = (start.stock.get(productId) ?? []) as number[];
    const [onHand = 0, reserved = 0] = (now.stock.get(productId) ?? []) as number[];
    const list = effects.get(id) ?? [];
    const expected = onHandThen + list.reduce((sum, effect) => sum + effect.onHand, 0);
    if (onHand !== expected) tellStock(id, expected, onHand, list, findings);
    const expectedReserved = reservedThen + (held.get(id) ?? 0);
    if (reserved !== expectedReserved) {
      const kind = reserved > expectedReserved ? 'doubled' : 'lost';
      findings.add(
        kind,
        `product ${id} has ${reserved} reserved, its held reservations add up to ${expectedReserved}`,
      );
    }
  }
}

function tellStock(
  id: number,
  expected: number,
  actual: number,
  effects: readonly Effect[],
  findings: Findings,
): void {
  const off = actual - expected;
  const twice = effects.find(({ onHand }) => onHand === off);
  const never = effects.find(({ onHand }) => onHand === -off);
  const text = `product ${id} has ${actual} on hand, its ledger adds up to ${expected}`;
  if (twice) findings.add('doubled', `${text}: as if ${twice.cause} had been applied twice`);
  else if (never) findings.add('lost', `${text}: as if ${never.cause} had not been applied`);
  else findings.add(off > 0 === (effects.at(-1)?.onHand ?? 0) > 0 ? 'doubled' : 'lost', text);
}
