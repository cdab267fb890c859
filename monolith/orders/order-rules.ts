import { createHash } from 'node:crypto';
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
export type OrderCode = 'N' | 'R' | 'P' | 'C' | 'S' | 'D' | 'Z' | 'F' | 'K' | 'X' | 'Q' | 'B';

const statuses: Record<OrderCode, OrderStatus> = {
  N: 'pending',
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
  N: ['R', 'Z'],
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
export const unfinished: readonly OrderCode[] = ['N', 'R', 'P', 'Z', 'K', 'Q'];
export const isUnfinished = (code: OrderCode): boolean => unfinished.includes(code);

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

export interface OrderedLine {
  quantity: number;
  priceCents: number;
}
export const totalCents = (lines: readonly OrderedLine[]): number =>
  lines.reduce((sum, { quantity, priceCents }) => sum + quantity * priceCents, 0);

/** A UUID (version 8) that is a function of its name alone: a step that runs again names the same thing again. */
export function namedUuid(name: string): string {
  const bytes = createHash('sha256').update(`shop/${name}`).digest().subarray(0, 16);
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x80;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
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
