import Type, { type TProperties } from 'typebox';
import { roleNames } from '../rules/access.ts';

/** What requests must look like. Bodies refuse unknown members; unknown query parameters pass, as on the web. */
const body = <Properties extends TProperties>(
  properties: Properties,
  options: { minProperties?: number } = {},
) => Type.Object(properties, { additionalProperties: false, ...options });

const id = Type.Integer({ minimum: 1, maximum: 2_147_483_647 });
const role = Type.Enum([...roleNames]);
/** As the monolith takes them: the format alone would let quoted names, bare hosts and addresses of machines pass. */
const atom = "[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+";
const label = '[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?';
const email = Type.String({
  format: 'email',
  pattern: `^${atom}(?:\\.${atom})*@(?:${label}\\.)+${label}$`,
  maxLength: 254,
});
const name = Type.String({ minLength: 1, maxLength: 200 });
const password = Type.String({ minLength: 10, maxLength: 200 });
const secret = Type.String({ minLength: 20, maxLength: 200 });
const oauthText = Type.Optional(Type.String({ maxLength: 8192 }));

export const defaultLimit = 20;

export const UserId = Type.Object({ id });
export const UserRole = Type.Object({ id, role });
export const RoleName = Type.Object({ role });

export const UserQuery = Type.Object({
  email: Type.Optional(Type.String({ minLength: 1, maxLength: 254 })),
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 100 })),
  cursor: Type.Optional(Type.String({ minLength: 1, maxLength: 1000 })),
});

export const RegisterBody = body({ email, name, password });
export const ProfileBody = body(
  { name: Type.Optional(name), email: Type.Optional(email) },
  { minProperties: 1 },
);
export const PasswordBody = body({
  currentPassword: Type.String({ minLength: 1, maxLength: 200 }),
  newPassword: password,
});
export const StatusBody = body({ status: Type.Enum(['active', 'blocked']) });
export const RolesBody = body({ roles: Type.Array(role, { uniqueItems: true }) });
export const PermissionsBody = body({
  permissions: Type.Array(Type.String({ pattern: '^[a-z]{1,30}:[a-z]{1,30}$' }), {
    maxItems: 50,
    uniqueItems: true,
  }),
});

export const LoginBody = body({
  email: Type.String({ minLength: 1, maxLength: 254 }),
  password: Type.String({ minLength: 1, maxLength: 200 }),
});
/** Fastify gives an absent body to the validator as null. */
export const RefreshBody = Type.Union([Type.Null(), body({ refreshToken: Type.Optional(secret) })]);
export const VerifyBody = body({ token: secret });
export const ForgotBody = body({ email });
export const ResetBody = body({ token: secret, newPassword: password });

/** OAuth: parameters that are not understood are ignored. */
export const TokenBody = Type.Object({
  grant_type: Type.Enum(['client_credentials']),
  scope: Type.Optional(Type.String({ maxLength: 1000 })),
  client_id: oauthText,
  client_secret: oauthText,
});
export const TokenToRead = Type.Object({
  token: Type.String({ minLength: 1, maxLength: 8192 }),
  token_type_hint: oauthText,
  client_id: oauthText,
  client_secret: oauthText,
});
