import type { Product } from '../catalogue/read-products.ts';
import type { Line, ReservationState } from '../catalogue/reservation-rules.ts';
import type { Adjustment, Availability } from '../catalogue/stock.ts';

/** What the other modules need of the catalogue, wherever it lives. Every call may be made again: none acts twice. */
export interface CataloguePort {
  /** Those that exist, archived ones included, in product-id order. */
  products(ids: readonly number[]): Promise<Product[]>;
  availability(ids: readonly number[]): Promise<Availability[]>;
  /** Holds all lines or none; gives the state that the reservation has. Refused: `out-of-stock`, `unknown-product`. */
  reserve(wanted: {
    id: string;
    lines: readonly Line[];
    ttlSeconds: number;
    holder: string;
  }): Promise<ReservationState>;
  /** Refused: `not-found`, and `illegal-move` once it was released or has expired. */
  commit(id: string): Promise<void>;
  /** Refused: `not-found`, and `illegal-move` once it was committed or has expired. */
  release(id: string): Promise<void>;
  /** Refused: `not-found`, `stock-below-reserved`. */
  adjust(adjustment: Adjustment): Promise<void>;
}
