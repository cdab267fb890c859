import type { Sql } from '../db/sql.ts';
import { emit } from '../outbox/emit.ts';
import type { ReturnLine, ReturnStatus } from './return-rules.ts';
import type { Priority, TicketKind, TicketStatus } from './ticket-rules.ts';

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
export function emitTicket(
  tx: Sql,
  type: TicketEventType,
  { id, version, customerId, orderId, kind, status, priority, assigneeId }: TicketNews,
): Promise<void> {
  return emit(tx, {
    aggregateType: 'ticket',
    aggregateId: String(id),
    type,
    version,
    payload: { ticketId: id, customerId, orderId, kind, status, priority, assigneeId },
  });
}

export interface ReturnNews {
  id: string;
  version: number;
  ticketId: number;
  orderId: number;
  status: ReturnStatus;
  lines: readonly ReturnLine[];
}

export function emitReturn(
  tx: Sql,
  { id, version, ticketId, orderId, status, lines }: ReturnNews,
): Promise<void> {
  return emit(tx, {
    aggregateType: 'return',
    aggregateId: id,
    type: `return.${status}`,
    version,
    payload: { returnId: id, ticketId, orderId, lines },
  });
}
