import type { FastifyReply, FastifyRequest } from 'fastify';
import { authorizeIfAny } from '#kernel/auth/authorize.ts';
import { passageOf } from '#kernel/http/passage.ts';
import type { CartOwner } from '../store/carts.ts';
import { userIfAny, type OrdersApp, type OrdersContext } from './context.ts';
import { CartBody, ProductId, QuantityBody } from './schemas.ts';

export function cartRoutes(app: OrdersApp, { verify, cart, cookies }: OrdersContext): void {
  const onRequest = authorizeIfAny(verify);

  /** Who changes a cart, and what is to be merged into it. A guest's first change begins a cart. */
  function changer(request: FastifyRequest, reply: FastifyReply): [owner: CartOwner, guest?: string] {
    const userId = userIfAny(request);
    const guest = cookies.guestOf(request);
    if (userId === undefined) return [guest === undefined ? cookies.begin(reply) : { cartId: guest }];
    if (guest === undefined) return [{ userId }];
    cookies.forget(reply);
    return [{ userId }, guest];
  }

  app.get('/cart', { onRequest }, (request) => {
    const userId = userIfAny(request);
    const guest = cookies.guestOf(request);
    if (userId !== undefined) return cart.show(passageOf(request), { userId }, guest);
    return cart.show(passageOf(request), guest === undefined ? undefined : { cartId: guest });
  });

  app.put('/cart', { onRequest, schema: { body: CartBody } }, (request, reply) => {
    const [owner, guest] = changer(request, reply);
    return cart.replace(passageOf(request), owner, request.body.items, guest);
  });

  app.put(
    '/cart/items/:productId',
    { onRequest, schema: { params: ProductId, body: QuantityBody } },
    (request, reply) => {
      const [owner, guest] = changer(request, reply);
      return cart.put(passageOf(request), owner, { ...request.params, ...request.body }, guest);
    },
  );

  app.delete('/cart/items/:productId', { onRequest, schema: { params: ProductId } }, (request, reply) => {
    const [owner, guest] = changer(request, reply);
    return cart.remove(passageOf(request), owner, request.params.productId, guest);
  });
}
