import { createHmac, randomUUID, timingSafeEqual } from 'node:crypto';
import type { FastifyReply, FastifyRequest } from 'fastify';

export interface CartCookies {
  /** The guest's cart that the cookie names, if it is one that this shop has signed. */
  guestOf(request: FastifyRequest): string | undefined;
  /** A new cart's id, in a cookie of the answer. */
  begin(reply: FastifyReply): { cartId: string };
  forget(reply: FastifyReply): void;
}

const name = 'shop_cart';
export const guestCartDays = 30;

/** Signed as the monolith signs them: a guest keeps the cart whoever answers for it. */
export function createCartCookies(secret: string, secure: boolean): CartCookies {
  const sign = (cartId: string) => createHmac('sha256', secret).update(`cart/${cartId}`).digest('base64url');
  const options = { path: '/', httpOnly: true, sameSite: 'lax', secure } as const;
  return {
    guestOf(request) {
      const [, cartId = '', given = ''] =
        /^([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\.([\w-]{43})$/.exec(request.cookies[name] ?? '') ??
        [];
      if (cartId === '') return undefined;
      return timingSafeEqual(Buffer.from(given), Buffer.from(sign(cartId))) ? cartId : undefined;
    },
    begin(reply) {
      const cartId = randomUUID();
      void reply.setCookie(name, `${cartId}.${sign(cartId)}`, { ...options, maxAge: guestCartDays * 86_400 });
      return { cartId };
    },
    forget: (reply) => void reply.clearCookie(name, options),
  };
}
