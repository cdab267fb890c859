import { readQuestion } from './answer.ts';
import type { Knowledge } from './knowledge.ts';
import type { Language } from './words.ts';

export interface BotAnswer {
  /** What the bot says; when it is not sure, that a person takes over. */
  text: string;
  kind: 'article' | 'order-status' | 'hand-over';
  language: Language;
  /** The article that it comes from: its code and its title. */
  articleId: string | null;
  article: string | null;
  confidence: number;
  handOver: boolean;
}

export interface KnownOrder {
  id: number;
  status: string;
  createdAt: string;
}

/** The asker's order of that number, or the newest; undefined where there is none. */
export type FindOrder = (orderId: number | undefined) => Promise<KnownOrder | undefined>;

const handOverText: Record<Language, string> = {
  en: 'A colleague will answer you soon.',
  es: 'Una compañera o un compañero le contestará pronto.',
};

const statusText: Record<Language, Record<string, string>> = {
  en: {
    pending: 'is being processed',
    confirmed: 'is confirmed and being packed',
    shipped: 'is on its way to you',
    delivered: 'was delivered',
    failed: 'did not come through; nothing was charged',
    cancelling: 'is being cancelled',
    cancelled: 'was cancelled',
    refunding: 'is being refunded',
    refunded: 'was refunded',
  },
  es: {
    pending: 'se está tramitando',
    confirmed: 'está confirmado y se está preparando',
    shipped: 'está en camino',
    delivered: 'fue entregado',
    failed: 'no se pudo completar; no se ha cobrado nada',
    cancelling: 'se está cancelando',
    cancelled: 'fue cancelado',
    refunding: 'se está reembolsando',
    refunded: 'fue reembolsado',
  },
};

const orderText = (language: Language, { id, createdAt }: KnownOrder, says: string): string => {
  const day = createdAt.slice(0, 10);
  return language === 'es'
    ? `Su pedido ${id} del ${day} ${says}. Cada paso está en su seguimiento.`
    : `Your order ${id} of ${day} ${says}. Its tracking shows each step.`;
};

/**
 * Answers, or hands over. `findOrder` is undefined for who is not known: they get the article that says where to look. An order
 * that is not there is for a person to explain.
 */
export async function reply(
  question: string,
  knowledge: Knowledge,
  findOrder: FindOrder | undefined,
): Promise<BotAnswer> {
  const reading = readQuestion(question, knowledge);
  const { language, confidence } = reading;
  const rest = { language, confidence, articleId: null, article: null, handOver: false };
  if (reading.kind === 'article') return { ...rest, ...told(reading.article) };
  if (reading.kind === 'order-status') {
    const known = findOrder === undefined ? knowledge.article('track-order', language) : undefined;
    if (known !== undefined) return { ...rest, ...told(known) };
    const order = await findOrder?.(reading.orderId);
    const says = order && statusText[language][order.status];
    if (order !== undefined && says !== undefined)
      return { ...rest, kind: 'order-status', text: orderText(language, order, says) };
  }
  return { ...rest, kind: 'hand-over', text: handOverText[language], handOver: true };
}

const told = ({ code, title, body }: { code: string; title: string; body: string }) => ({
  kind: 'article' as const,
  text: body,
  articleId: code,
  article: title,
});
