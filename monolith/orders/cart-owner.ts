import { createHmac, randomUUID, timingSafeEqual } from 'node:crypto';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { userOf } from '../auth/authorise.ts';

/** Whose cart it is: a customer's, or a guest's, who is known by a signed cookie alone. */
export type CartOwner = { userId: number } | { cartId: string };

export interface CartCookies {
  /** The guest's cart that the cookie names, if it is one that this shop has signed. */
  guestOf(request: FastifyRequest): string | undefined;
  /** Undefined for a guest who has none yet. */
  ownerOf(request: FastifyRequest): CartOwner | undefined;
  /** A new cart's id, in a cookie of the answer. */
  begin(reply: FastifyReply): { cartId: string };
  forget(reply: FastifyReply): void;
}

const name = 'shop_cart';
export const guestCartDays = 30;

export function createCartCookies(secret: string, secure: boolean): CartCookies {
  const sign = (cartId: string) => createHmac('sha256', secret).update(`cart/${cartId}`).digest('base64url');
  const options = { path: '/', httpOnly: true, sameSite: 'lax', secure } as const;

  function guestOf(request: FastifyRequest): string | undefined {
    const [, cartId = '', given = ''] =
      /^([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\.([\w-]{43})$/.exec(request.cookies[name] ?? '') ?? [];
    if (cartId === '') return undefined;
    return timingSafeEqual(Buffer.from(given), Buffer.from(sign(cartId))) ? cartId : undefined;
  }

  return {
    guestOf,
    ownerOf(request) {
      if (request.caller !== null) return { userId: userOf(request) };
      const cartId = guestOf(request);
      return cartId === undefined ? undefined : { cartId };
    },
    begin(reply) {
      const cartId = randomUUID();
      void reply.setCookie(name, `${cartId}.${sign(cartId)}`, { ...options, maxAge: guestCartDays * 86_400 });
      return { cartId };
    },
    forget: (reply) => void reply.clearCookie(name, options),
  };
}
