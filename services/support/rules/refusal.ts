import { commonRefusals, Refusal, refusalsOf } from '#kernel/http/refusal.ts';

/** What this service refuses beside what any does. */
const refusals = {
  ...commonRefusals,
  'return-conflict': { status: 409, title: 'The return id is taken by other content' },
  'over-returned': { status: 409, title: 'More than was bought would be returned' },
  'not-returnable': { status: 422, title: 'The ticket is not about the return of an order' },
  'not-agent': { status: 422, title: 'The assignee does not work on tickets' },
} as const;

export const refuse = refusalsOf(refusals);

export const noTicket = (id: number) => refuse('not-found', `There is no ticket ${id}.`);
export const noReturn = (id: string) => refuse('not-found', `There is no return ${id}.`);
export const noOrder = (id: number) => refuse('not-found', `There is no order ${id}.`);

/** Whether a neighbour refused with one of these codes; anything else is trouble that passes. */
export const refusedWith = (error: unknown, ...codes: readonly string[]): error is Refusal =>
  error instanceof Refusal && codes.includes(error.code);
