import type { FastifyInstance } from 'fastify';
import type { DataSource } from 'typeorm';
import { callerOf } from '../auth/authorise.ts';
import { bind } from '../http/bind.ts';
import { notFound } from '../http/problem.ts';
import type { Line } from './reservation-rules.ts';
import { commitReservation, findReservation, putReservation, releaseReservation } from './reservations.ts';

interface ById {
  Params: { id: string };
}

export function reservationRoutes(app: FastifyInstance, db: DataSource): void {
  bind<ById>(app, 'getReservation', async ({ params: { id } }) => {
    const reservation = await findReservation(db.manager, id);
    if (reservation === undefined) throw notFound(`reservation ${id}`);
    return reservation;
  });

  bind<ById & { Body: { lines: Line[]; ttlSeconds: number } }>(
    app,
    'putReservation',
    async (request, reply) => {
      const { first, reservation } = await putReservation(db, {
        ...request.body,
        id: request.params.id,
        holder: callerOf(request).subject,
      });
      return reply.code(first ? 201 : 200).send(reservation);
    },
  );

  bind<ById>(app, 'commitReservation', ({ params }) => commitReservation(db, params.id));
  bind<ById>(app, 'releaseReservation', ({ params }) => releaseReservation(db, params.id));
}
