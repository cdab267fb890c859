/**
 * What the shoppers asked for and what they were told. `unknown` is a request without an answer: it may have been done once,
 * or not at all. Everything else is exact, because nobody else writes to what a shopper keeps in its ledger.
 */
export type Outcome = 'acknowledged' | 'refused' | 'unknown';

export interface ProductEntry {
  id: number;
  sku: string;
  name: string;
  description: string;
  categoryId: number;
  priceCents: number;
  status: 'active' | 'archived';
  onHand: number;
  reserved: number;
  /** A write had no answer: its fields cannot be told any more. */
  uncertain: boolean;
}

export interface CreationEntry {
  sku: string;
  productId: number | undefined;
  onHand: number;
  outcome: Outcome;
}

export interface AdjustmentEntry {
  id: string;
  productId: number;
  delta: number;
  outcome: Outcome;
}

export interface Line {
  productId: number;
  quantity: number;
}

export type ReservationState = 'held' | 'committed' | 'released';

export interface ReservationEntry {
  id: string;
  lines: readonly Line[];
  outcome: Outcome;
  state: ReservationState;
  /** Left to its short time: the shop gives it back by itself. */
  mayExpire: boolean;
  /** A move had no answer. */
  uncertain: boolean;
}

export interface OrderEntry {
  /** Its idempotency key: chosen by the client, so that an order can be told even when its answer never came. */
  key: string;
  userId: number;
  orderId: number | undefined;
  /** Total that the answer named. */
  totalCents: number;
  lines: readonly (Line & { priceCents: number })[];
  outcome: Outcome;
  state: 'confirmed' | 'cancelled' | 'declined';
  uncertain: boolean;
}

export interface ProfileEntry {
  userId: number;
  name: string;
  uncertain: boolean;
}

export interface Ledger {
  products: Map<number, ProductEntry>;
  creations: CreationEntry[];
  adjustments: AdjustmentEntry[];
  reservations: ReservationEntry[];
  orders: OrderEntry[];
  profiles: Map<number, ProfileEntry>;
}

export function emptyLedger(): Ledger {
  return {
    products: new Map(),
    creations: [],
    adjustments: [],
    reservations: [],
    orders: [],
    profiles: new Map(),
  };
}

/** How many writes the ledger can hold the shop to. */
export function entriesOf(ledger: Ledger): number {
  return (
    ledger.creations.length +
    ledger.adjustments.length +
    ledger.reservations.length +
    ledger.orders.length +
    ledger.products.size +
    ledger.profiles.size
  );
}
