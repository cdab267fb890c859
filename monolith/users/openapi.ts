import {
  answer,
  bearer,
  body,
  bodyRefusals,
  cursor,
  type DocumentPart,
  idSchema,
  limit,
  list,
  object,
  page,
  pathId,
  query,
  ref,
  refusals,
  type Schema,
  text,
  timestamp,
} from '../http/document.ts';

const tags = ['users'];
const role: Schema = { type: 'string', enum: ['customer', 'agent', 'manager', 'admin'] };
const roles: Schema = { ...list(role), uniqueItems: true };
const status: Schema = { type: 'string', enum: ['active', 'blocked'] };
const anyStatus: Schema = { type: 'string', enum: ['active', 'blocked', 'erased'] };
const email: Schema = { type: 'string', format: 'email', maxLength: 254 };
const password = text(10, 200);
const name = text(1, 200);
const permission: Schema = { type: 'string', pattern: '^[a-z]{1,30}:[a-z]{1,30}$' };

const schemas: Record<string, Schema> = {
  User: object({
    id: idSchema,
    name: { type: 'string' },
    email: { type: 'string' },
    emailVerified: { type: 'boolean' },
    status: anyStatus,
    roles,
    createdAt: timestamp,
    updatedAt: timestamp,
  }),
  RoleSet: object({ roles }),
  Role: object({ role, name: { type: 'string' }, permissions: list({ type: 'string' }) }),
  Permission: object({ permission: { type: 'string' }, roles }),
  Tokens: object({
    accessToken: { type: 'string', description: 'A JWT (RFC 9068), valid for 15 minutes.' },
    tokenType: { type: 'string', enum: ['Bearer'] },
    expiresIn: { type: 'integer', description: 'Seconds.' },
    refreshToken: { type: 'string', description: 'Opaque, valid once; also set as an httpOnly cookie.' },
    scope: { type: 'string' },
  }),
};

const rolePath = { name: 'role', in: 'path', required: true, schema: role } as const;
const oneRole = (operationId: string, summary: string) => ({
  operationId,
  tags,
  summary: `${summary}; it holds from the next token on`,
  security: bearer,
  'x-roles': ['admin'] as const,
  parameters: [pathId(), rolePath],
  responses: {
    200: answer('The roles as they are now.', ref('RoleSet')),
    ...refusals(401, 403, 404, 409),
  },
});

export const accountPaths: DocumentPart['paths'] = {
  '/users': {
    get: {
      operationId: 'listUsers',
      tags,
      summary: 'Accounts, by id, page by page',
      security: bearer,
      'x-roles': ['admin', 'agent'],
      parameters: [
        query('email', { type: 'string', minLength: 1, maxLength: 254 }, 'Exactly this address.'),
        limit,
        cursor,
      ],
      responses: { 200: answer('A page.', page(ref('User'))), ...refusals(401, 403) },
    },
    post: {
      operationId: 'register',
      tags,
      summary: 'Open an account, as a customer',
      requestBody: body(object({ email, name, password })),
      responses: {
        201: { ...answer('Opened.', ref('User')), headers: { location: { schema: { type: 'string' } } } },
        ...bodyRefusals(409),
      },
    },
  },
  '/users/me': {
    get: {
      operationId: 'getProfile',
      tags,
      summary: "The caller's account",
      security: bearer,
      responses: { 200: answer('The account.', ref('User')), ...refusals(401, 403, 404) },
    },
    patch: {
      operationId: 'updateProfile',
      tags,
      summary: "Change the caller's name or address",
      security: bearer,
      requestBody: body({ ...object({ name, email }, []), minProperties: 1 }),
      responses: {
        200: answer('The account as it is now.', ref('User')),
        ...bodyRefusals(401, 403, 404, 409),
      },
    },
  },
  '/users/me/password': {
    post: {
      operationId: 'changePassword',
      tags,
      summary: 'Change the password; all sessions end',
      security: bearer,
      requestBody: body(object({ currentPassword: text(1, 200), newPassword: password })),
      responses: { 204: answer('Changed.'), ...bodyRefusals(401, 403, 404) },
    },
  },
  '/users/{id}': {
    get: {
      operationId: 'getUser',
      tags,
      summary: 'One account: its own, or any for staff and for services with `users:read`',
      security: bearer,
      parameters: [pathId()],
      responses: { 200: answer('The account.', ref('User')), ...refusals(401, 403, 404) },
    },
    delete: {
      operationId: 'eraseUser',
      tags,
      summary: 'Erase what is personal of an account, by its owner or an admin; its id stays',
      security: bearer,
      parameters: [pathId()],
      responses: { 204: answer('Erased, now or before.'), ...refusals(401, 403, 404) },
    },
  },
  '/users/{id}/status': {
    put: {
      operationId: 'setUserStatus',
      tags,
      summary: 'Block an account, or open it again; blocking ends its sessions',
      security: bearer,
      'x-roles': ['admin'],
      parameters: [pathId()],
      requestBody: body(object({ status })),
      responses: {
        200: answer('The account as it is now.', ref('User')),
        ...bodyRefusals(401, 403, 404, 409),
      },
    },
  },
  '/users/{id}/roles': {
    get: {
      operationId: 'getUserRoles',
      tags,
      summary: 'The roles of an account',
      security: bearer,
      'x-roles': ['admin'],
      parameters: [pathId()],
      responses: { 200: answer('The roles.', ref('RoleSet')), ...refusals(401, 403, 404) },
    },
    put: {
      operationId: 'setUserRoles',
      tags,
      summary: 'Set the roles of an account; they hold from its next token on',
      security: bearer,
      'x-roles': ['admin'],
      parameters: [pathId()],
      requestBody: body(ref('RoleSet')),
      responses: {
        200: answer('The roles as they are now.', ref('RoleSet')),
        ...bodyRefusals(401, 403, 404, 409),
      },
    },
  },
  '/users/{id}/roles/{role}': {
    put: oneRole('grantRole', 'Grant a role'),
    delete: oneRole('revokeRole', 'Revoke a role'),
  },
  '/permissions': {
    get: {
      operationId: 'listPermissions',
      tags,
      summary: 'The permissions, and the roles that have them',
      security: bearer,
      'x-roles': ['admin'],
      responses: {
        200: answer('The permissions.', object({ items: list(ref('Permission')) })),
        ...refusals(401, 403),
      },
    },
  },
  '/roles': {
    get: {
      operationId: 'listRoles',
      tags,
      summary: 'The roles and what they permit',
      security: bearer,
      'x-roles': ['admin'],
      responses: { 200: answer('The roles.', object({ items: list(ref('Role')) })), ...refusals(401, 403) },
    },
  },
  '/roles/{role}/permissions': {
    put: {
      operationId: 'setRolePermissions',
      tags,
      summary: 'Set what a role permits: the scopes of the tokens that are issued from now on',
      security: bearer,
      'x-roles': ['admin'],
      parameters: [rolePath],
      requestBody: body(object({ permissions: { ...list(permission), maxItems: 50, uniqueItems: true } })),
      responses: { 200: answer('The role as it is now.', ref('Role')), ...bodyRefusals(401, 403) },
    },
  },
};

export const userSchemas = schemas;
