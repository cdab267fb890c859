export const ticketKinds = ['question', 'complaint', 'return'] as const;
export type TicketKind = (typeof ticketKinds)[number];
export const ticketStatuses = ['new', 'open', 'waiting', 'solved', 'closed'] as const;
export type TicketStatus = (typeof ticketStatuses)[number];
export const priorities = ['low', 'normal', 'high', 'urgent'] as const;
export type Priority = (typeof priorities)[number];
export type Author = 'customer' | 'agent' | 'bot';

const moves: Record<TicketStatus, readonly TicketStatus[]> = {
  new: ['open', 'waiting', 'solved', 'closed'],
  open: ['waiting', 'solved', 'closed'],
  waiting: ['open', 'solved', 'closed'],
  solved: ['open', 'closed'],
  closed: [],
};

/** Staying is always allowed: the same request again is no error. */
export const mayMove = (from: TicketStatus, to: TicketStatus): boolean =>
  from === to || moves[from].includes(to);

/** Where a message leaves the ticket; undefined: nobody writes on a closed one. */
export function afterMessage(status: TicketStatus, author: Author): TicketStatus | undefined {
  if (status === 'closed') return undefined;
  if (author === 'customer') return status === 'new' ? 'new' : 'open';
  return 'waiting';
}

/** Complaints come before questions, whatever an agent may decide later. */
export const firstPriority = (kind: TicketKind): Priority => (kind === 'complaint' ? 'high' : 'normal');
