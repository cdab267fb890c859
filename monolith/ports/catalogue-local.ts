import type { DataSource } from 'typeorm';
import { findProducts } from '../catalogue/read-products.ts';
import { commitReservation, putReservation, releaseReservation } from '../catalogue/reservations.ts';
import { adjustStock, availability } from '../catalogue/stock.ts';
import type { CataloguePort } from './catalogue-port.ts';

/** The catalogue while it lives here: the module's own code. */
export function localCatalogue(db: DataSource): CataloguePort {
  return {
    products: (ids) => findProducts(db.manager, ids),
    availability: (ids) => availability(db.manager, ids),
    reserve: async (wanted) => (await putReservation(db, wanted)).reservation.state,
    commit: async (id) => {
      await commitReservation(db, id);
    },
    release: async (id) => {
      await releaseReservation(db, id);
    },
    adjust: async (adjustment) => {
      await adjustStock(db, adjustment);
    },
  };
}
