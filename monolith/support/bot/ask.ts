import type { Sql } from '../../db/sql.ts';
import type { Passage } from '../../http/passage.ts';
import { ShopError } from '../../http/problem.ts';
import type { InUnit } from '../../ports/choose.ts';
import type { OrdersPort } from '../../ports/orders-port.ts';
import { createReadKnowledge } from './read-knowledge.ts';
import { reply, type BotAnswer, type KnownOrder } from './reply.ts';

/** Asks the bot for a caller, or for nobody in particular. It sees the caller's own orders only. */
export function createAsk(sql: Sql, inOrders: InUnit<OrdersPort>) {
  const readKnowledge = createReadKnowledge(sql);

  return async function ask(
    passage: Passage,
    question: string,
    userId: number | undefined,
  ): Promise<BotAnswer> {
    const findOrder = async (orderId: number | undefined): Promise<KnownOrder | undefined> => {
      try {
        return await inOrders(passage, async (orders) => {
          if (orderId === undefined) return (await orders.ordersOf(userId ?? 0, 1))[0];
          const order = await orders.order(orderId);
          return order.userId === userId ? order : undefined;
        });
      } catch (error) {
        // No such order, or nobody there to ask: a person will see.
        if (error instanceof ShopError && (error.code === 'not-found' || error.code === 'unavailable'))
          return undefined;
        throw error;
      }
    };
    return reply(question, await readKnowledge(), userId === undefined ? undefined : findOrder);
  };
}
