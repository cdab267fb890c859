import {
  answer,
  bearer,
  body,
  bodyRefusals,
  type DocumentPart,
  object,
  ref,
  refusals,
  type Schema,
  text,
} from '../http/document.ts';

const tags = ['users'];
const refreshBody: Schema = object({ refreshToken: text(20, 200) }, []);
const optionalBody = { ...body(refreshBody), required: false };

const secret = text(20, 200);
const email: Schema = { type: 'string', format: 'email', maxLength: 254 };

export const sessionPaths: DocumentPart['paths'] = {
  '/auth/login': {
    post: {
      operationId: 'login',
      tags,
      summary: 'Sign in',
      requestBody: body(object({ email: text(1, 254), password: text(1, 200) })),
      responses: { 200: answer('Tokens.', ref('Tokens')), ...bodyRefusals(401, 429) },
    },
  },
  '/auth/refresh': {
    post: {
      operationId: 'refresh',
      tags,
      summary: 'New tokens for a refresh token, from the body or the cookie',
      description:
        'A refresh token is valid once. One that comes a second time ends every session that stems from it.',
      requestBody: optionalBody,
      responses: { 200: answer('Tokens.', ref('Tokens')), ...bodyRefusals(401) },
    },
  },
  '/auth/logout': {
    post: {
      operationId: 'logout',
      tags,
      summary: 'End the session of a refresh token, from the body or the cookie',
      requestBody: optionalBody,
      responses: { 204: answer('Ended, or it was no session.'), ...bodyRefusals() },
    },
  },
};

export const recoveryPaths: DocumentPart['paths'] = {
  '/users/me/verification': {
    post: {
      operationId: 'sendVerification',
      tags,
      summary: "Mail another link that verifies the caller's address",
      security: bearer,
      responses: { 202: answer('Mailed, unless it is verified already.'), ...refusals(401, 403, 404, 429) },
    },
  },
  '/auth/verify-email': {
    post: {
      operationId: 'verifyEmail',
      tags,
      summary: 'Verify an address with the secret that was mailed to it; valid once, for three days',
      requestBody: body(object({ token: secret })),
      responses: { 204: answer('Verified.'), ...bodyRefusals(422) },
    },
  },
  '/auth/forgot-password': {
    post: {
      operationId: 'forgotPassword',
      tags,
      summary:
        'Mail a link that sets a new password; the answer does not tell whether there is such an account',
      requestBody: body(object({ email })),
      responses: { 202: answer('Taken.'), ...bodyRefusals() },
    },
  },
  '/auth/reset-password': {
    post: {
      operationId: 'resetPassword',
      tags,
      summary:
        'Set a new password with the secret that was mailed; valid once, for an hour; all sessions end',
      requestBody: body(object({ token: secret, newPassword: text(10, 200) })),
      responses: { 204: answer('Set.'), ...bodyRefusals(422) },
    },
  },
};
