import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { bind } from '../http/bind.ts';
import { passageOf } from '../http/passage.ts';
import type { CartCookies, CartOwner } from './cart-owner.ts';
import type { Cart, CartLine } from './cart.ts';

interface ByProduct {
  Params: { productId: number };
}

export function cartRoutes(app: FastifyInstance, cart: Cart, cookies: CartCookies): void {
  /** Who changes a cart, and what is to be merged into it. A guest's first change begins a cart. */
  function changer(request: FastifyRequest, reply: FastifyReply): [owner: CartOwner, guest?: string] {
    const owner = cookies.ownerOf(request);
    if (owner === undefined) return [cookies.begin(reply)];
    const guest = 'userId' in owner ? cookies.guestOf(request) : undefined;
    if (guest === undefined) return [owner];
    cookies.forget(reply);
    return [owner, guest];
  }

  bind(app, 'getCart', (request) => {
    const owner = cookies.ownerOf(request);
    const isCustomer = owner !== undefined && 'userId' in owner;
    return cart.show(passageOf(request), owner, isCustomer ? cookies.guestOf(request) : undefined);
  });
  bind<{ Body: { items: CartLine[] } }>(app, 'putCart', (request, reply) => {
    const [owner, guest] = changer(request, reply);
    return cart.replace(passageOf(request), owner, request.body.items, guest);
  });
  bind<ByProduct & { Body: { quantity: number } }>(app, 'putCartItem', (request, reply) => {
    const [owner, guest] = changer(request, reply);
    return cart.put(passageOf(request), owner, { ...request.params, ...request.body }, guest);
  });
  bind<ByProduct>(app, 'deleteCartItem', (request, reply) => {
    const [owner, guest] = changer(request, reply);
    return cart.remove(passageOf(request), owner, request.params.productId, guest);
  });
}
