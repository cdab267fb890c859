import { expect, test } from 'vitest';
import { afterMessage, codeOfStatus, mayMove, statusOf, ticketStatuses } from './ticket-rules.ts';

test('a closed ticket stays closed, and takes no message', () => {
  for (const status of ticketStatuses) expect(mayMove('closed', status)).toBe(status === 'closed');
  for (const author of ['customer', 'agent', 'bot'] as const)
    expect(afterMessage('closed', author)).toBeUndefined();
});

test('a message never makes a move that an agent could not make', () => {
  for (const status of ticketStatuses.filter((one) => one !== 'closed' && one !== 'solved')) {
    for (const author of ['customer', 'agent', 'bot'] as const) {
      const after = afterMessage(status, author);
      expect(after !== undefined && mayMove(status, after)).toBe(true);
    }
  }
});

test('a customer who writes again opens a solved ticket', () => {
  expect(afterMessage('solved', 'customer')).toBe('open');
});

test('stored codes are told apart', () => {
  for (const status of ticketStatuses) expect(statusOf(codeOfStatus(status))).toBe(status);
});
