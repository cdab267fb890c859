import type { GroupConfig } from '#plan/config.ts';

/** The orders' public URLs. Carts are guests' too: who sends no token is let through. */
export const ordersRoutes: GroupConfig['routes'] = [
  'GET /cart',
  'PUT /cart',
  'PUT /cart/items/:productId',
  'DELETE /cart/items/:productId',
  { route: 'GET /orders', auth: 'verify' },
  { route: 'POST /orders', auth: 'verify' },
  { route: 'GET /orders/:id', auth: 'verify' },
  { route: 'GET /orders/:id/history', auth: 'verify' },
  { route: 'GET /orders/:id/tracking', auth: 'verify' },
  { route: 'POST /orders/:id/tracking', auth: 'verify' },
  { route: 'POST /orders/:id/cancel', auth: 'verify' },
  { route: 'POST /orders/:id/refund', auth: 'verify' },
  { route: 'GET /orders/:id/refunds', auth: 'verify' },
  { route: 'POST /orders/:id/refunds', auth: 'verify' },
  'POST /payments/webhooks',
];
