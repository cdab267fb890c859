import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { DataSource } from 'typeorm';
import { bind } from '../http/bind.ts';
import { passageOf } from '../http/passage.ts';
import type { AdvanceRefund } from './advance-refund.ts';
import type { Order } from './read-orders.ts';
import { listRefunds, openRefund, presentRefund, type RefundRequest } from './refunds.ts';

interface ById {
  Params: { id: number };
}

export function refundRoutes(
  app: FastifyInstance,
  db: DataSource,
  advanceRefund: AdvanceRefund,
  visible: (request: FastifyRequest, id: number) => Promise<Order>,
): void {
  bind<ById>(app, 'listRefunds', async (request) => {
    const { id } = await visible(request, request.params.id);
    return { items: await listRefunds(db.manager, id) };
  });

  bind<ById & { Body: RefundRequest['body']; Headers: { 'idempotency-key': string } }>(
    app,
    'refundLines',
    async (request, reply) => {
      const opened = await openRefund(db, {
        orderId: request.params.id,
        idempotencyKey: request.headers['idempotency-key'],
        body: request.body,
      });
      const refund = await advanceRefund(passageOf(request), opened);
      return reply.code(201).send(presentRefund(refund));
    },
  );
}
