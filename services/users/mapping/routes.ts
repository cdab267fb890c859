import type { GroupConfig } from '#plan/config.ts';

/**
 * The users' public URLs. Whoever owns the users publishes the keys and answers for tokens; both sides share the keys, so
 * the answers are the same.
 */
export const usersRoutes: GroupConfig['routes'] = [
  'GET /.well-known/jwks.json',
  'GET /.well-known/openid-configuration',
  'GET /.well-known/oauth-authorization-server',
  // Reads by POST: nothing is stored. A token is another one each time, so that answers cannot be compared.
  { route: 'POST /oauth/token', writes: false, shadow: false },
  { route: 'POST /oauth/introspect', writes: false },
  'POST /oauth/revoke',
  'POST /auth/login',
  'POST /auth/refresh',
  'POST /auth/logout',
  'POST /auth/verify-email',
  'POST /auth/forgot-password',
  'POST /auth/reset-password',
  'POST /users',
  { route: 'GET /users', auth: 'verify' },
  { route: 'GET /users/me', auth: 'verify' },
  { route: 'PATCH /users/me', auth: 'verify' },
  { route: 'POST /users/me/password', auth: 'verify' },
  { route: 'POST /users/me/verification', auth: 'verify' },
  { route: 'GET /users/:id', auth: 'verify' },
  { route: 'DELETE /users/:id', auth: 'verify' },
  { route: 'PUT /users/:id/status', auth: 'verify' },
  { route: 'GET /users/:id/roles', auth: 'verify' },
  { route: 'PUT /users/:id/roles', auth: 'verify' },
  { route: 'PUT /users/:id/roles/:role', auth: 'verify' },
  { route: 'DELETE /users/:id/roles/:role', auth: 'verify' },
  { route: 'GET /roles', auth: 'verify' },
  { route: 'PUT /roles/:role/permissions', auth: 'verify' },
  { route: 'GET /permissions', auth: 'verify' },
];
