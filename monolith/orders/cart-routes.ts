import type { FastifyInstance } from 'fastify';
import { userOf } from '../auth/authorise.ts';
import { bind } from '../http/bind.ts';
import { passageOf } from '../http/passage.ts';
import type { Cart, CartLine } from './cart.ts';

interface ByProduct {
  Params: { productId: number };
}

export function cartRoutes(app: FastifyInstance, cart: Cart): void {
  bind(app, 'getCart', (request) => cart.show(passageOf(request), userOf(request)));
  bind<{ Body: { items: CartLine[] } }>(app, 'putCart', (request) =>
    cart.replace(passageOf(request), userOf(request), request.body.items),
  );
  bind<ByProduct & { Body: { quantity: number } }>(app, 'putCartItem', (request) =>
    cart.put(passageOf(request), userOf(request), { ...request.params, ...request.body }),
  );
  bind<ByProduct>(app, 'deleteCartItem', (request) =>
    cart.remove(passageOf(request), userOf(request), request.params.productId),
  );
}
