import type { Tokens } from '../auth/tokens.ts';
import type { Product } from '../catalogue/read-products.ts';
import type { ReservationState } from '../catalogue/reservation-rules.ts';
import type { Availability } from '../catalogue/stock.ts';
import type { Passage } from '../http/passage.ts';
import { ShopError } from '../http/problem.ts';
import type { CataloguePort } from './catalogue-port.ts';
import type { RemoteCall } from './remote-call.ts';

/** The catalogue once it has moved: its public URLs. */
export function remoteCatalogue(call: RemoteCall, tokens: Tokens, passage: Passage): CataloguePort {
  const product = async (id: number): Promise<Product | undefined> => {
    try {
      return (await call(passage, { method: 'GET', path: `/products/${id}` })) as Product;
    } catch (error) {
      if (error instanceof ShopError && error.code === 'not-found') return undefined;
      throw error;
    }
  };
  return {
    products: async (ids) => {
      const found = await Promise.all([...ids].sort((a, b) => a - b).map(product));
      return found.filter((one) => one !== undefined);
    },
    availability: async (ids) => {
      const answer = await call(passage, {
        method: 'POST',
        path: '/availability',
        body: { productIds: ids },
      });
      return (answer as { items: Availability[] }).items;
    },
    reserve: async ({ id, lines, ttlSeconds }) => {
      const answer = await call(passage, {
        method: 'PUT',
        path: `/reservations/${id}`,
        body: { lines, ttlSeconds },
      });
      return (answer as { state: ReservationState }).state;
    },
    commit: async (id) => {
      await call(passage, { method: 'POST', path: `/reservations/${id}/commit` });
    },
    release: async (id) => {
      await call(passage, { method: 'POST', path: `/reservations/${id}/release` });
    },
    adjust: async ({ productId, ...body }) => {
      // The shop itself puts goods back, whoever cancelled: a customer's own token may not.
      const token = await tokens.issue(
        { subject: 'shop-monolith', roles: ['manager'], scope: 'catalogue:write' },
        60,
      );
      await call(passage, {
        method: 'POST',
        path: `/products/${productId}/stock-adjustments`,
        body,
        authorization: `Bearer ${token}`,
      });
    },
  };
}
