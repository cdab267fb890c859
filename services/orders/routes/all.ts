import cookie from '@fastify/cookie';
import type { FastifyInstance } from 'fastify';
import { preparePublicRoutes } from '#kernel/http/public-routes.ts';
import { cartRoutes } from './carts.ts';
import { checkoutRoutes } from './checkout.ts';
import type { OrdersContext } from './context.ts';
import { orderRoutes } from './orders.ts';
import { refundRoutes } from './refunds.ts';
import { webhookRoutes } from './webhooks.ts';

/** All of the orders' public URLs. */
export function ordersRoutes(context: OrdersContext) {
  return async (scope: FastifyInstance): Promise<void> => {
    await scope.register(cookie);
    const app = preparePublicRoutes(scope);
    cartRoutes(app, context);
    checkoutRoutes(app, context);
    orderRoutes(app, context);
    refundRoutes(app, context);
    webhookRoutes(app, context);
  };
}
