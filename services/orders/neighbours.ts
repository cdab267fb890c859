import type { Passage } from '#kernel/http/passage.ts';
import type { ShopCall } from '#kernel/http/shop-call.ts';
import { refusedWith } from './rules/refusal.ts';

export interface Line {
  productId: number;
  quantity: number;
}

export interface Product {
  id: number;
  name: string;
  status: 'active' | 'archived';
  price: { amount: string; currency: string };
  available: number;
}

/** What the orders need of the others, at their public URLs. Every call may be made again: none acts twice. */
export interface Neighbours {
  /** Refused: `not-found`. */
  user(passage: Passage, id: number): Promise<{ status: string; email: string }>;
  /** Those that exist, archived ones included, in product-id order. */
  products(passage: Passage, ids: readonly number[]): Promise<Product[]>;
  /** Holds all lines or none; gives the state that the reservation has. Refused: `out-of-stock`, `unknown-product`. */
  reserve(
    passage: Passage,
    wanted: { id: string; lines: readonly Line[]; ttlSeconds: number },
  ): Promise<string>;
  /** Refused: `not-found`, and `illegal-move` once it was released or has expired. */
  commit(passage: Passage, id: string): Promise<void>;
  /** Refused: `not-found`, and `illegal-move` once it was committed or has expired. */
  release(passage: Passage, id: string): Promise<void>;
  /** Puts pieces back on the shelf, once for each adjustment id; a product that is gone has no shelf. */
  restock(passage: Passage, adjustment: Line & { adjustmentId: string; reason: string }): Promise<void>;
}

export function createNeighbours(call: ShopCall): Neighbours {
  const product = async (passage: Passage, id: number): Promise<Product[]> => {
    try {
      return [(await call(passage, { method: 'GET', path: `/products/${id}` })) as Product];
    } catch (error) {
      if (refusedWith(error, 'not-found')) return [];
      throw error;
    }
  };
  const post = async (passage: Passage, path: string, body?: unknown): Promise<void> => {
    await call(passage, { method: 'POST', path, ...(body === undefined ? {} : { body }) });
  };
  return {
    user: async (passage, id) =>
      (await call(passage, { method: 'GET', path: `/users/${id}` })) as { status: string; email: string },
    products: async (passage, ids) => {
      const sorted = [...ids].sort((a, b) => a - b);
      return (await Promise.all(sorted.map((id) => product(passage, id)))).flat();
    },
    reserve: async (passage, { id, lines, ttlSeconds }) => {
      const body = { lines, ttlSeconds };
      const answer = await call(passage, { method: 'PUT', path: `/reservations/${id}`, body });
      return (answer as { state: string }).state;
    },
    commit: (passage, id) => post(passage, `/reservations/${id}/commit`),
    release: (passage, id) => post(passage, `/reservations/${id}/release`),
    restock: async (passage, { productId, quantity, adjustmentId, reason }) => {
      try {
        await post(passage, `/products/${productId}/stock-adjustments`, {
          adjustmentId,
          delta: quantity,
          reason,
        });
      } catch (error) {
        if (!refusedWith(error, 'not-found')) throw error;
      }
    },
  };
}
