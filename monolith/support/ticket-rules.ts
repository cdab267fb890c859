import type { Caller } from '../auth/tokens.ts';

export const ticketKinds = ['question', 'complaint', 'return'] as const;
export type TicketKind = (typeof ticketKinds)[number];
export const ticketStatuses = ['new', 'open', 'waiting', 'solved', 'closed'] as const;
export type TicketStatus = (typeof ticketStatuses)[number];
export const priorities = ['low', 'normal', 'high', 'urgent'] as const;
export type Priority = (typeof priorities)[number];
export type Author = 'customer' | 'agent' | 'bot';

const kindCodes = { question: 'Q', complaint: 'C', return: 'R' } as const;
const statusCodes = { new: 'N', open: 'O', waiting: 'W', solved: 'S', closed: 'X' } as const;
const authorCodes = { customer: 'C', agent: 'A', bot: 'B' } as const;
export type KindCode = (typeof kindCodes)[TicketKind];
export type StatusCode = (typeof statusCodes)[TicketStatus];
export type AuthorCode = (typeof authorCodes)[Author];

export const codeOfKind = (kind: TicketKind): KindCode => kindCodes[kind];
export const codeOfStatus = (status: TicketStatus): StatusCode => statusCodes[status];
export const codeOfAuthor = (author: Author): AuthorCode => authorCodes[author];
/** Priorities are stored as 1 (low) to 4 (urgent). */
export const numberOfPriority = (priority: Priority): number => priorities.indexOf(priority) + 1;
export const priorityOf = (number: number): Priority => priorities[number - 1] ?? 'normal';

function nameOf<Name extends string>(codes: Record<Name, string>, code: string): Name {
  const found = (Object.keys(codes) as Name[]).find((name) => codes[name] === code);
  if (found === undefined) throw new Error(`A ticket row has the unknown code ${code}.`);
  return found;
}
export const kindOf = (code: KindCode): TicketKind => nameOf(kindCodes, code);
export const statusOf = (code: StatusCode): TicketStatus => nameOf(statusCodes, code);
export const authorOf = (code: AuthorCode): Author => nameOf(authorCodes, code);

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

/** Complaints come before questions, whatever else an agent may decide later. */
export const firstPriority = (kind: TicketKind): Priority => (kind === 'complaint' ? 'high' : 'normal');

export const worksOnTickets = (caller: Pick<Caller, 'roles'>): boolean =>
  caller.roles.includes('agent') || caller.roles.includes('admin');
