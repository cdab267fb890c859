export const refundStates = ['pending', 'paid', 'done'] as const;
export type RefundState = (typeof refundStates)[number];

export interface SoldLine {
  productId: number;
  quantity: number;
  priceCents: number;
}

export interface WantedLine {
  productId: number;
  quantity: number;
  restock?: boolean;
}

export interface RefundLine {
  productId: number;
  quantity: number;
  amountCents: number;
  restock: boolean;
}

export type RefundPlan =
  | { lines: RefundLine[]; amountCents: number }
  | { refused: 'bad-request' | 'unknown-product' | 'refund-exceeds'; productId: number };

/** What a refund pays back: bought prices, and of each line no more than is left after the refunds before. */
export function planRefund(
  sold: readonly SoldLine[],
  refunded: ReadonlyMap<number, number>,
  wanted: readonly WantedLine[],
): RefundPlan {
  const byProduct = new Map(sold.map((line) => [line.productId, line]));
  const lines: RefundLine[] = [];
  for (const { productId, quantity, restock = false } of wanted) {
    const line = byProduct.get(productId);
    if (lines.some((other) => other.productId === productId)) return { refused: 'bad-request', productId };
    if (line === undefined) return { refused: 'unknown-product', productId };
    if (quantity > line.quantity - (refunded.get(productId) ?? 0))
      return { refused: 'refund-exceeds', productId };
    lines.push({ productId, quantity, amountCents: quantity * line.priceCents, restock });
  }
  return { lines, amountCents: lines.reduce((sum, line) => sum + line.amountCents, 0) };
}
