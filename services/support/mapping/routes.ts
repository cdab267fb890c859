import type { GroupConfig } from '#plan/config.ts';

/** Support's public URLs. The bot's is a read by POST: nothing is stored. */
export const supportRoutes: GroupConfig['routes'] = [
  { route: 'GET /tickets', auth: 'verify' },
  { route: 'POST /tickets', auth: 'verify' },
  { route: 'GET /tickets/:id', auth: 'verify' },
  { route: 'PATCH /tickets/:id', auth: 'verify' },
  { route: 'GET /tickets/:id/messages', auth: 'verify' },
  { route: 'POST /tickets/:id/messages', auth: 'verify' },
  // Each side has heard of the orders for itself.
  { route: 'GET /tickets/:id/customer', auth: 'verify', shadow: { ignore: ['/timeline'] } },
  { route: 'GET /tickets/:id/returns', auth: 'verify' },
  { route: 'GET /returns/:id', auth: 'verify' },
  { route: 'PUT /returns/:id', auth: 'verify' },
  { route: 'POST /returns/:id/approve', auth: 'verify' },
  { route: 'POST /returns/:id/reject', auth: 'verify' },
  { route: 'POST /support/bot', writes: false },
];
