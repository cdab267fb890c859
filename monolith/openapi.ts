import { catalogueDocument } from './catalogue/openapi.ts';
import { reservationsDocument } from './catalogue/openapi-reservations.ts';
import { ordersDocument } from './orders/openapi.ts';
import { supportDocument } from './support/openapi.ts';
import { accountPaths, userSchemas } from './users/openapi.ts';
import { oauthDocument } from './users/openapi-oauth.ts';
import { recoveryPaths, sessionPaths } from './users/openapi-sessions.ts';
import { type DocumentPart, object, ref, type Schema } from './http/document.ts';

const schemas: Record<string, Schema> = {
  Problem: {
    ...object(
      {
        type: { type: 'string', description: '`/problems/<code>`' },
        title: { type: 'string' },
        status: { type: 'integer' },
        detail: { type: 'string' },
        code: { type: 'string' },
      },
      ['type', 'title', 'status', 'detail', 'code'],
    ),
    additionalProperties: true,
    description: 'RFC 9457. `code` is one of a closed set; `detail` is for people.',
  },
};

const parts: DocumentPart[] = [
  { paths: { ...accountPaths, ...sessionPaths, ...recoveryPaths }, schemas: userSchemas },
  oauthDocument,
  catalogueDocument,
  reservationsDocument,
  ordersDocument,
  supportDocument,
];

/** The shop's public contract: what clients call, whoever answers. Validation and serialisation are derived from it. */
export const openapi = {
  openapi: '3.1.0',
  info: {
    title: 'Matapalo sample shop',
    version: '1.0.0',
    description:
      'Public ids are integers, money is a decimal string, times are ISO 8601 in UTC with milliseconds. Errors are problem+json.',
    license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
  },
  servers: [{ url: '/' }],
  paths: Object.assign({}, ...parts.map((part) => part.paths)) as DocumentPart['paths'],
  components: {
    schemas: Object.assign({}, schemas, ...parts.map((part) => part.schemas)) as Record<string, Schema>,
    securitySchemes: { bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' } },
  },
};

export const problemSchema = ref('Problem');
