import type { DomainEvent } from '#kernel/db/outbox.ts';
import type { ReturnLine, ReturnStatus } from './return.ts';
import type { Priority, TicketKind, TicketStatus } from './ticket.ts';

export type TicketEventType = 'ticket.opened' | 'ticket.replied' | 'ticket.changed' | 'ticket.erased';

export interface TicketNews {
  id: number;
  version: number;
  customerId: number;
  orderId: number | null;
  kind: TicketKind;
  status: TicketStatus;
  priority: Priority;
  assigneeId: number | null;
}

/** Where a ticket stands now. What was written is for those who may read it. */
export function ticketEvent(type: TicketEventType, { id, version, ...ticket }: TicketNews): DomainEvent {
  const { customerId, orderId, kind, status, priority, assigneeId } = ticket;
  return {
    aggregateType: 'ticket',
    aggregateId: String(id),
    type,
    version,
    payload: { ticketId: id, customerId, orderId, kind, status, priority, assigneeId },
  };
}

export interface ReturnNews {
  id: string;
  version: number;
  ticketId: number;
  orderId: number;
  status: ReturnStatus;
  lines: readonly ReturnLine[];
}

export function returnEvent({ id, version, ticketId, orderId, status, lines }: ReturnNews): DomainEvent {
  return {
    aggregateType: 'return',
    aggregateId: id,
    type: `return.${status}`,
    version,
    payload: { returnId: id, ticketId, orderId, lines },
  };
}
