import { ShopError } from '../http/problem.ts';

export type ReservationState = 'held' | 'committed' | 'released' | 'expired';
export type ReservationCode = 'H' | 'C' | 'R' | 'E';

export interface Line {
  productId: number;
  quantity: number;
}

const states: Record<ReservationCode, ReservationState> = {
  H: 'held',
  C: 'committed',
  R: 'released',
  E: 'expired',
};
export const stateOf = (code: ReservationCode): ReservationState => states[code];

/** Lines in product-id order: the order in which rows are locked. A product named twice is refused. */
export function orderedLines(lines: readonly Line[]): Line[] {
  const ordered = lines
    .map(({ productId, quantity }) => ({ productId, quantity }))
    .sort((a, b) => a.productId - b.productId);
  for (const [index, line] of ordered.entries()) {
    if (ordered[index + 1]?.productId === line.productId) {
      throw new ShopError('bad-request', `Product ${line.productId} is named twice; add the quantities up.`);
    }
  }
  return ordered;
}

/** Both in product-id order. */
export function sameLines(a: readonly Line[], b: readonly Line[]): boolean {
  return (
    a.length === b.length &&
    a.every((line, index) => line.productId === b[index]?.productId && line.quantity === b[index].quantity)
  );
}

export interface StockAtHand {
  productId: number;
  active: boolean;
  available: number;
}

/** Throws when a line cannot be held; what is held is all of the lines or none. */
export function checkStock(lines: readonly Line[], stock: readonly StockAtHand[]): void {
  const byId = new Map(stock.map((entry) => [entry.productId, entry]));
  for (const { productId } of lines) {
    if (byId.get(productId)?.active !== true) {
      throw new ShopError('unknown-product', `There is no active product ${productId}.`);
    }
  }
  const short = lines.filter(({ productId, quantity }) => (byId.get(productId)?.available ?? 0) < quantity);
  if (short.length > 0) {
    const ids = short.map(({ productId }) => productId).join(', ');
    throw new ShopError('out-of-stock', `Not enough is available of product ${ids}.`);
  }
}

export function illegalMove(move: 'commit' | 'release', state: ReservationState): ShopError {
  const done = move === 'commit' ? 'committed' : 'released';
  return new ShopError('illegal-move', `The reservation is ${state}; it cannot be ${done}.`);
}
