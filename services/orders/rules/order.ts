/** What is stored: each step of a checkout, a cancellation and a refund, so that any process can go on with it. */
export const orderStates = [
  'placed',
  'buyer-verified',
  'reserved',
  'paid',
  'confirmed',
  'shipped',
  'delivered',
  'failing',
  'failed',
  'cancelling',
  'cancelled',
  'refunding',
  'refunded',
] as const;
export type OrderState = (typeof orderStates)[number];

/** What clients see of an order's life. */
export const orderStatuses = [
  'pending',
  'confirmed',
  'shipped',
  'delivered',
  'failed',
  'cancelling',
  'cancelled',
  'refunding',
  'refunded',
] as const;
export type OrderStatus = (typeof orderStatuses)[number];

const pending: readonly OrderState[] = ['placed', 'buyer-verified', 'reserved', 'paid', 'failing'];
export const statusOf = (state: OrderState): OrderStatus =>
  pending.includes(state) ? 'pending' : (state as OrderStatus);
export const statesOf = (status: OrderStatus): OrderState[] =>
  orderStates.filter((state) => statusOf(state) === status);

/** From each state the states that may follow. A failure of any step of the checkout leads through failing to failed. */
const moves: Record<OrderState, readonly OrderState[]> = {
  placed: ['buyer-verified', 'failing'],
  'buyer-verified': ['reserved', 'failing'],
  reserved: ['paid', 'failing'],
  paid: ['confirmed', 'failing'],
  failing: ['failed'],
  confirmed: ['shipped', 'cancelling'],
  shipped: ['delivered', 'refunding'],
  delivered: ['refunding'],
  cancelling: ['cancelled'],
  refunding: ['refunded'],
  failed: [],
  cancelled: [],
  refunded: [],
};
export const mayMove = (from: OrderState, to: OrderState): boolean => moves[from].includes(to);

/** States that something still has to be done for. */
export const unfinished: readonly OrderState[] = [...pending, 'cancelling', 'refunding'];
export const isUnfinished = (state: OrderState): boolean => unfinished.includes(state);

export const parcelEvents = ['packed', 'shipped', 'delivered'] as const;
export type ParcelEvent = (typeof parcelEvents)[number];

/** The state that an event needs, and the one that it leads to. */
export const eventMoves: Record<ParcelEvent, { from: OrderState; to: OrderState }> = {
  packed: { from: 'confirmed', to: 'confirmed' },
  shipped: { from: 'confirmed', to: 'shipped' },
  delivered: { from: 'shipped', to: 'delivered' },
};

/** What a cart takes: so many different products, so many pieces of each. */
export const mostProducts = 50;
export const mostOfOne = 1000;

/** What has become of an order's money; null where none of it moved. */
export function paymentOf(chargedCents: number | null, refundedCents: number | null) {
  if (chargedCents === null) return 'none';
  if (refundedCents === null) return 'charged';
  return refundedCents < chargedCents ? 'partly-refunded' : 'refunded';
}

export const totalCents = (lines: readonly { quantity: number; priceCents: number }[]): number =>
  lines.reduce((sum, { quantity, priceCents }) => sum + quantity * priceCents, 0);
