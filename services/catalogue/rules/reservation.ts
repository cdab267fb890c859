export type ReservationStatus = 'held' | 'committed' | 'released' | 'expired';
export type ReservationMove = 'commit' | 'release' | 'expire';

export interface ReservationLine {
  productId: number;
  quantity: number;
}

/** What a move does to stock: reserved pieces leave the shelf, or go back to it. */
export interface StockEffect {
  onHand: -1 | 0;
  reserved: -1;
}

const target: Record<ReservationMove, Exclude<ReservationStatus, 'held'>> = {
  commit: 'committed',
  release: 'released',
  expire: 'expired',
};

const effects: Record<ReservationMove, StockEffect> = {
  commit: { onHand: -1, reserved: -1 },
  release: { onHand: 0, reserved: -1 },
  expire: { onHand: 0, reserved: -1 },
};

export type MoveDecision =
  | { kind: 'apply'; status: ReservationStatus; effect: StockEffect }
  | { kind: 'already' }
  | { kind: 'illegal' };

/**
 * A held reservation moves once; the same move again changes nothing; any other is illegal. A hold whose time is over
 * may still be released, but not committed: the caller expires it first.
 */
export function decideMove(
  status: ReservationStatus,
  move: ReservationMove,
  { due }: { due: boolean },
): MoveDecision {
  if (status === target[move]) return { kind: 'already' };
  if (status !== 'held') return { kind: 'illegal' };
  if (move === 'commit' && due) return { kind: 'illegal' };
  return { kind: 'apply', status: target[move], effect: effects[move] };
}

/** One line a product, in product order: the order in which stock rows are locked, so that no two callers deadlock. */
export function normaliseLines(lines: readonly ReservationLine[]): ReservationLine[] {
  const quantities = new Map<number, number>();
  for (const { productId, quantity } of lines) {
    quantities.set(productId, (quantities.get(productId) ?? 0) + quantity);
  }
  return [...quantities]
    .map(([productId, quantity]) => ({ productId, quantity }))
    .sort((a, b) => a.productId - b.productId);
}

/** True where both ask for the same pieces; both sides normalised. */
export function sameLines(a: readonly ReservationLine[], b: readonly ReservationLine[]): boolean {
  return (
    a.length === b.length &&
    a.every((line, index) => line.productId === b[index]?.productId && line.quantity === b[index]?.quantity)
  );
}
