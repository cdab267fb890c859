import type { FastifyInstance } from 'fastify';
import { isSigned } from '../http/signed-body.ts';
import { ShopError } from '../http/problem.ts';
import { sourceOf } from '../http/read-json.ts';
import { object, text, timestamp, uuid } from '../http/document.ts';

/** What another part of the shop has told in its outbox, as it is delivered. */
export interface HeardEvent {
  id: string;
  type: string;
  aggregateType: string;
  aggregateId: string;
  /** Grows with each change of the aggregate, whichever side made it. */
  version: number;
  at: string;
  data: Record<string, unknown>;
}

const eventBody = {
  ...object({
    id: uuid,
    type: text(1, 100),
    aggregateType: text(1, 60),
    aggregateId: text(1, 100),
    version: { type: 'integer', minimum: 0, maximum: Number.MAX_SAFE_INTEGER },
    at: timestamp,
    data: { type: 'object' },
  }),
  additionalProperties: true,
};

/**
 * Takes the shop's events at `POST /internal/events`; it is no part of the public document. A delivery is signed, and may come
 * twice, late and in any order: `hear` has to bear that. 204 says that it was heard; anything else has it delivered again.
 */
export function receiveEvents(
  app: FastifyInstance,
  secret: string,
  hear: (event: HeardEvent) => Promise<void>,
): void {
  app.post<{ Body: HeardEvent }>(
    '/internal/events',
    { config: { keepSource: true }, schema: { body: eventBody } },
    async (request, reply) => {
      const signature = request.headers['event-signature'];
      if (!isSigned(secret, typeof signature === 'string' ? signature : '', sourceOf(request), Date.now()))
        throw new ShopError('unauthorized', 'The signature is wrong, or too old.');
      await hear(request.body);
      return reply.code(204).send();
    },
  );
}
