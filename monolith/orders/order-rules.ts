import type { Caller } from '../auth/tokens.ts';

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

/** What is stored: each step of a checkout, a cancellation and a refund, so that any process can go on with it. */
export type OrderCode = 'N' | 'V' | 'R' | 'P' | 'C' | 'S' | 'D' | 'Z' | 'F' | 'K' | 'X' | 'Q' | 'B';

const statuses: Record<OrderCode, OrderStatus> = {
  N: 'pending',
  V: 'pending',
  R: 'pending',
  P: 'pending',
  Z: 'pending',
  C: 'confirmed',
  S: 'shipped',
  D: 'delivered',
  F: 'failed',
  K: 'cancelling',
  X: 'cancelled',
  Q: 'refunding',
  B: 'refunded',
};
export const statusOf = (code: OrderCode): OrderStatus => statuses[code];
export const codesOf = (status: OrderStatus): OrderCode[] =>
  (Object.keys(statuses) as OrderCode[]).filter((code) => statuses[code] === status);

/** From each stored state the states that may follow. A failure of any step of the checkout leads through Z to F. */
const moves: Record<OrderCode, readonly OrderCode[]> = {
  N: ['V', 'Z'],
  V: ['R', 'Z'],
  R: ['P', 'Z'],
  P: ['C', 'Z'],
  Z: ['F'],
  C: ['S', 'K'],
  S: ['D', 'Q'],
  D: ['Q'],
  K: ['X'],
  Q: ['B'],
  F: [],
  X: [],
  B: [],
};
export const mayMove = (from: OrderCode, to: OrderCode): boolean => moves[from].includes(to);

/** States that something still has to be done for. */
export const unfinished: readonly OrderCode[] = ['N', 'V', 'R', 'P', 'Z', 'K', 'Q'];
export const isUnfinished = (code: OrderCode): boolean => unfinished.includes(code);

/** The steps of an order's life by name: in its history, and as `order.<step>` in the events that tell of it. */
export const orderSteps = [
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
export type OrderStep = (typeof orderSteps)[number];

const steps: Record<OrderCode, OrderStep> = {
  N: 'placed',
  V: 'buyer-verified',
  R: 'reserved',
  P: 'paid',
  C: 'confirmed',
  S: 'shipped',
  D: 'delivered',
  Z: 'failing',
  F: 'failed',
  K: 'cancelling',
  X: 'cancelled',
  Q: 'refunding',
  B: 'refunded',
};
export const stepOf = (code: OrderCode): OrderStep => steps[code];

export const trackingEvents = ['confirmed', 'packed', 'shipped', 'delivered'] as const;
export type TrackingEvent = (typeof trackingEvents)[number];
export const postedEvents = ['packed', 'shipped', 'delivered'] as const;
export type PostedEvent = (typeof postedEvents)[number];

/** The state that an event needs, and the one that it leads to. */
export const eventMoves: Record<PostedEvent, { from: OrderCode; to: OrderCode }> = {
  packed: { from: 'C', to: 'C' },
  shipped: { from: 'C', to: 'S' },
  delivered: { from: 'S', to: 'D' },
};

/** What a cart takes: so many different products, so many pieces of each. */
export const mostProducts = 50;
export const mostOfOne = 1000;

export interface OrderedLine {
  quantity: number;
  priceCents: number;
}
export const totalCents = (lines: readonly OrderedLine[]): number =>
  lines.reduce((sum, { quantity, priceCents }) => sum + quantity * priceCents, 0);

export { namedUuid } from '../named-uuid.ts';

/** What has become of an order's money; null where none of it moved. */
export function paymentOf(chargedCents: number | null, refundedCents: number | null) {
  if (chargedCents === null) return 'none';
  if (refundedCents === null) return 'charged';
  return refundedCents < chargedCents ? 'partly-refunded' : 'refunded';
}

const staff = ['agent', 'manager', 'admin'] as const;

/** Staff, and services that were granted it, see every order; a customer the own ones. */
export function seesAllOrders(caller: Pick<Caller, 'userId' | 'roles' | 'scopes'>): boolean {
  return (
    staff.some((role) => caller.roles.includes(role)) ||
    (caller.userId === undefined && caller.scopes.includes('orders:read'))
  );
}

export const mayChangeOrder = (caller: Pick<Caller, 'userId' | 'roles'>, ownerId: number): boolean =>
  caller.userId === ownerId || caller.roles.includes('manager') || caller.roles.includes('admin');
