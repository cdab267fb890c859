import {
  answer,
  type DocumentPart,
  object,
  bodyRefusals,
  body,
  text,
  timestamp,
  uuid,
} from '../http/document.ts';

export const webhookTypes = [
  'charge.approved',
  'charge.declined',
  'charge.voided',
  'charge.refunded',
] as const;

const paths: DocumentPart['paths'] = {
  '/payments/webhooks': {
    post: {
      operationId: 'paymentWebhook',
      tags: ['orders'],
      summary: 'For the payment provider: something has become of a charge',
      description:
        '`Payment-Signature: t=<seconds>,v1=<hex>` is the HMAC-SHA256 of `<seconds>.<body>` with the shared secret, made ' +
        'within the last five minutes; anything else is 401. It may come before the answer that it belongs to, long after, or ' +
        'twice: what counts is what the provider answers when it is asked.',
      'x-signed': true,
      parameters: [
        {
          name: 'Payment-Signature',
          in: 'header',
          required: true,
          schema: { type: 'string', minLength: 1, maxLength: 200 },
        },
      ],
      requestBody: body(
        object({
          id: uuid,
          type: { type: 'string', enum: [...webhookTypes] },
          key: text(1, 100),
          reference: text(0, 200),
          at: timestamp,
        }),
      ),
      responses: { 204: answer('Heard, now or before.'), ...bodyRefusals(401) },
    },
  },
};

export const paymentsDocument: DocumentPart = { paths, schemas: {} };
