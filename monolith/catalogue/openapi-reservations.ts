import {
  answer,
  bearer,
  body,
  bodyRefusals,
  type DocumentPart,
  idSchema,
  list,
  object,
  pathUuid,
  ref,
  refusals,
  type Schema,
  timestamp,
  uuid,
} from '../http/document.ts';

const tags = ['catalogue'];
const line = object({ productId: idSchema, quantity: { type: 'integer', minimum: 1, maximum: 10_000 } });

const schemas: Record<string, Schema> = {
  Reservation: object({
    id: uuid,
    state: { type: 'string', enum: ['held', 'committed', 'released', 'expired'] },
    lines: { ...list(line), description: 'In product-id order.' },
    expiresAt: timestamp,
    createdAt: timestamp,
  }),
};

const reservationMoves =
  'Idempotent: the same move again answers 200. From any other state: 409 `illegal-move`.';

const paths: DocumentPart['paths'] = {
  '/reservations/{id}': {
    get: {
      operationId: 'getReservation',
      tags,
      summary: 'A reservation',
      security: bearer,
      parameters: [pathUuid()],
      responses: { 200: answer('The reservation.', ref('Reservation')), ...refusals(401, 404) },
    },
    put: {
      operationId: 'putReservation',
      tags,
      summary: 'Hold stock under an id that the caller chose',
      description:
        '201 first; 200 the same again, whatever its state is now (the lines are compared, the ttl is not); 409 ' +
        '`reservation-conflict` for other lines under the same id; 409 `out-of-stock` when any line is short (nothing is ' +
        'held then, and the id stays free); 422 `unknown-product` for one that does not exist or is archived. A product ' +
        'may be named once only (400).',
      security: bearer,
      parameters: [pathUuid()],
      requestBody: body(
        object(
          {
            lines: { ...list(line), minItems: 1, maxItems: 100 },
            ttlSeconds: { type: 'integer', minimum: 1, maximum: 86_400, default: 900 },
          },
          ['lines'],
        ),
      ),
      responses: {
        200: answer('Held before.', ref('Reservation')),
        201: answer('Held.', ref('Reservation')),
        ...bodyRefusals(401, 409, 422),
      },
    },
  },
  '/reservations/{id}/commit': {
    post: {
      operationId: 'commitReservation',
      tags,
      summary: 'Take what is held out of stock',
      description: `${reservationMoves} One past its time is expired by this call, then refused.`,
      security: bearer,
      parameters: [pathUuid()],
      responses: { 200: answer('Committed.', ref('Reservation')), ...refusals(401, 404, 409) },
    },
  },
  '/reservations/{id}/release': {
    post: {
      operationId: 'releaseReservation',
      tags,
      summary: 'Give back what is held',
      description: reservationMoves,
      security: bearer,
      parameters: [pathUuid()],
      responses: { 200: answer('Released.', ref('Reservation')), ...refusals(401, 404, 409) },
    },
  },
};

export const reservationsDocument: DocumentPart = { paths, schemas };
