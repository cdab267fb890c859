import { commonRefusals, refusalsOf } from '#kernel/http/refusal.ts';

/** What this service refuses beside what any does. */
export const refuse = refusalsOf({
  ...commonRefusals,
  'email-taken': { status: 409, title: 'Another account has this e-mail address' },
  'link-invalid': { status: 422, title: 'The link is unknown, used or too old' },
});

export const noUser = (id: number) => refuse('not-found', `There is no user ${id}.`);
export const erased = () => refuse('illegal-move', 'The account is erased.');
export const invalidLink = () => refuse('link-invalid', 'The link is not valid. Ask for a new one.');
