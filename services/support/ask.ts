import type { Passage } from '#kernel/http/passage.ts';
import type { Knowledge } from './bot/knowledge.ts';
import { reply, type BotAnswer, type KnownOrder } from './bot/reply.ts';
import type { Neighbours } from './neighbours.ts';
import { refusedWith } from './rules/refusal.ts';

export type Ask = (passage: Passage, question: string, userId: number | undefined) => Promise<BotAnswer>;

/** Asks the bot for a caller, or for nobody in particular. It tells of the caller's own orders only. */
export function createAsk(readKnowledge: () => Promise<Knowledge>, neighbours: Neighbours): Ask {
  return async (passage, question, userId) => {
    const findOrder = async (orderId: number | undefined): Promise<KnownOrder | undefined> => {
      try {
        if (orderId === undefined) return (await neighbours.ordersOf(passage, userId ?? 0, 1))[0];
        const order = await neighbours.order(passage, orderId);
        return order?.userId === userId ? order : undefined;
      } catch (error) {
        // Nobody there to ask: a person will see.
        if (refusedWith(error, 'unavailable')) return undefined;
        throw error;
      }
    };
    return reply(question, await readKnowledge(), userId === undefined ? undefined : findOrder);
  };
}
