import {
  answer,
  type DocumentPart,
  json,
  list,
  object,
  ref,
  refusals,
  bodyRefusals,
  type Schema,
} from '../http/document.ts';

const tags = ['users'];
const form = (schema: Schema) => ({
  required: true,
  content: { 'application/x-www-form-urlencoded': { schema }, ...json(schema) },
});
const text: Schema = { type: 'string', maxLength: 8192 };
const clientAuthentication =
  'The client authenticates with HTTP Basic, or with `client_id` and `client_secret` in the body.';
const discovery = (operationId: string) => ({
  get: {
    operationId,
    tags,
    summary: 'Where the endpoints and keys of this issuer are (RFC 8414)',
    responses: { 200: answer('The metadata.', ref('IssuerMetadata')), ...refusals() },
  },
});

const schemas: Record<string, Schema> = {
  Jwks: object({ keys: list({ type: 'object', additionalProperties: true }) }),
  IssuerMetadata: {
    type: 'object',
    properties: { issuer: { type: 'string' } },
    required: ['issuer'],
    additionalProperties: true,
  },
  ClientToken: object({
    access_token: { type: 'string' },
    token_type: { type: 'string', enum: ['Bearer'] },
    expires_in: { type: 'integer' },
    scope: { type: 'string' },
  }),
  Introspection: object(
    {
      active: { type: 'boolean' },
      sub: { type: 'string' },
      iss: { type: 'string' },
      aud: { type: 'string' },
      scope: { type: 'string' },
      roles: list({ type: 'string' }),
      exp: { type: 'integer' },
      token_type: { type: 'string' },
    },
    ['active'],
  ),
};

const paths: DocumentPart['paths'] = {
  '/.well-known/jwks.json': {
    get: {
      operationId: 'getJwks',
      tags,
      summary: 'Public keys that verify access tokens',
      responses: { 200: answer('The keys.', ref('Jwks')), ...refusals() },
    },
  },
  '/.well-known/openid-configuration': discovery('getOpenidConfiguration'),
  '/.well-known/oauth-authorization-server': discovery('getIssuerMetadata'),
  '/oauth/token': {
    post: {
      operationId: 'issueClientToken',
      tags,
      summary: 'A token for a service (client credentials)',
      description: clientAuthentication,
      requestBody: form({
        type: 'object',
        properties: {
          grant_type: { type: 'string', enum: ['client_credentials'] },
          scope: {
            type: 'string',
            maxLength: 1000,
            description: 'A part of what the client may have; all when absent.',
          },
          client_id: text,
          client_secret: text,
        },
        required: ['grant_type'],
      }),
      responses: { 200: answer('The token.', ref('ClientToken')), ...bodyRefusals(401) },
    },
  },
  '/oauth/introspect': {
    post: {
      operationId: 'introspect',
      tags,
      summary: 'Whether a token is in force, and for whom (RFC 7662)',
      description: clientAuthentication,
      requestBody: form({
        type: 'object',
        properties: {
          token: { ...text, minLength: 1 },
          token_type_hint: text,
          client_id: text,
          client_secret: text,
        },
        required: ['token'],
      }),
      responses: { 200: answer('What is known of it.', ref('Introspection')), ...bodyRefusals(401) },
    },
  },
};

paths['/oauth/revoke'] = {
  post: {
    operationId: 'revoke',
    tags,
    summary: 'End the session of a token (RFC 7009); one that is not known is no error',
    description: clientAuthentication,
    requestBody: form({
      type: 'object',
      properties: {
        token: { ...text, minLength: 1 },
        token_type_hint: text,
        client_id: text,
        client_secret: text,
      },
      required: ['token'],
    }),
    responses: { 200: answer('It is not in force any more.'), ...bodyRefusals(401) },
  },
};

export const oauthDocument: DocumentPart = { paths, schemas };
