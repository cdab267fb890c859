import { Refusal } from '../rules/refusal.ts';
import { normaliseLines, type ReservationLine, type ReservationMove } from '../rules/reservation.ts';
import { findReservation, moveReservation, noReservation, reserve } from '../store/reservations.ts';
import { authorize, identityOf } from '#kernel/auth/authorize.ts';
import type { CatalogueApp, CatalogueContext } from './context.ts';
import { defaultTtlSeconds, ReservationBody, UuidId } from './schemas.ts';

export function reservationRoutes(app: CatalogueApp, { source, write, verify }: CatalogueContext): void {
  const onRequest = authorize(verify);

  app.get('/reservations/:id', { onRequest, schema: { params: UuidId } }, async (request) => {
    const id = request.params.id.toLowerCase();
    const reservation = await findReservation(source.manager, id);
    if (reservation === undefined) throw noReservation(id);
    return reservation;
  });

  app.put(
    '/reservations/:id',
    { onRequest, schema: { params: UuidId, body: ReservationBody } },
    async (request, reply) => {
      const { lines, ttlSeconds = defaultTtlSeconds } = request.body;
      const asked = {
        id: request.params.id.toLowerCase(),
        lines: oneLineEach(lines),
        ttlSeconds,
        userId: identityOf(request).subject,
      };
      const { first, reservation } = await write((sql) => reserve(sql, asked));
      return reply.code(first ? 201 : 200).send(reservation);
    },
  );

  const move = async (id: string, kind: Exclude<ReservationMove, 'expire'>) => {
    const outcome = await write((sql) => moveReservation(sql, id.toLowerCase(), kind));
    if (outcome.kind === 'refused') throw outcome.refusal;
    return outcome.reservation;
  };
  app.post('/reservations/:id/commit', { onRequest, schema: { params: UuidId } }, (request) =>
    move(request.params.id, 'commit'),
  );
  app.post('/reservations/:id/release', { onRequest, schema: { params: UuidId } }, (request) =>
    move(request.params.id, 'release'),
  );
}

function oneLineEach(lines: readonly ReservationLine[]): ReservationLine[] {
  const normal = normaliseLines(lines);
  if (normal.length < lines.length)
    throw new Refusal('bad-request', 'A product is named twice; add the quantities up.');
  return normal;
}
