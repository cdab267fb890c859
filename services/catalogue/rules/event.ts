import type { DomainEvent as AnyEvent } from '#kernel/db/outbox.ts';
import type { ReservationLine, ReservationStatus } from './reservation.ts';

/** What others may learn about the catalogue. */
export interface DomainEvent extends AnyEvent {
  aggregateType: 'product' | 'reservation';
  aggregateId: string;
  type:
    | 'product.created'
    | 'product.changed'
    | 'product.archived'
    | 'product.price-changed'
    | 'stock.adjusted'
    | 'reservation.held'
    | 'reservation.committed'
    | 'reservation.released'
    | 'reservation.expired';
  payload: Record<string, unknown>;
}

export function productEvent(
  type: Extract<DomainEvent['type'], `product.${string}` | 'stock.adjusted'>,
  productId: number,
  payload: Record<string, unknown>,
): DomainEvent {
  return {
    aggregateType: 'product',
    aggregateId: String(productId),
    type,
    payload: { productId, ...payload },
  };
}

export function reservationEvent(
  reservationId: string,
  status: ReservationStatus,
  lines: readonly ReservationLine[],
): DomainEvent {
  return {
    aggregateType: 'reservation',
    aggregateId: reservationId,
    type: `reservation.${status}`,
    payload: { reservationId, lines },
  };
}
