import type { FastifyInstance } from 'fastify';
import Type, { type Static } from 'typebox';
import { isSigned } from '../auth/signed-body.ts';
import { sourceOf } from '../http/json-body.ts';
import { preparePublicRoutes } from '../http/public-routes.ts';
import { refuse } from '../http/refusal.ts';

/** What another part of the shop has told in its outbox, as it is delivered. */
export const EventBody = Type.Object({
  id: Type.String({ format: 'uuid' }),
  type: Type.String({ minLength: 1, maxLength: 100 }),
  aggregateType: Type.String({ minLength: 1, maxLength: 60 }),
  aggregateId: Type.String({ minLength: 1, maxLength: 100 }),
  /** Grows with each change of the aggregate, whichever side made it. */
  version: Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER }),
  at: Type.String({ format: 'date-time' }),
  data: Type.Record(Type.String(), Type.Unknown()),
});
export type HeardEvent = Static<typeof EventBody>;

const EventHeaders = Type.Object({ 'event-signature': Type.String({ maxLength: 200 }) });

/**
 * Takes the shop's events at `POST /internal/events`, an address that no proxy knows. A delivery is signed (`t=<seconds>,v1=<hex>`,
 * the HMAC-SHA256 of `<seconds>.<body>`), and may come twice, late and in any order: `hear` has to bear that. 204 says that it was
 * heard; anything else has it delivered again.
 */
export function receiveEvents(secret: string, hear: (event: HeardEvent) => Promise<void>) {
  return async (scope: FastifyInstance): Promise<void> => {
    const app = preparePublicRoutes(scope);
    app.post(
      '/internal/events',
      { config: { keepSource: true }, schema: { headers: EventHeaders, body: EventBody } },
      async (request, reply) => {
        if (!isSigned(secret, request.headers['event-signature'], sourceOf(request), Date.now()))
          throw refuse('unauthorized', 'The signature is wrong, or too old.');
        await hear(request.body);
        return reply.code(204).send();
      },
    );
  };
}
