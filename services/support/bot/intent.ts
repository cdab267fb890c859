import { wordsOf } from './words.ts';

/** What is asked beside the matter. Patterns see lower case without accents, words parted by one space. */
const person =
  /\b(human|person|agent|someone|somebody|colleague|representative|persona|agente|humano|alguien de verdad|operador|operadora|companero)\b/;
const anger =
  /\b(lawyer|sue|court|police|useless|furious|angry|joke|thieves|thief|scam|fraud|stolen|outrage\w*|disgust\w*|ridiculous|incompetent|worst|terrible|demand|compensation|abogado|juicio|policia|inutil(es)?|verguenza|indignad[oa]|ladron(es)?|estafa\w*|fraude|robad[oa]|denunciar|exijo|indemnizacion|fatal|harto|harta)\b|(third|fourth|fifth) time|(tercera|cuarta|quinta) vez/;
const danger = /\b(fire|burn(ed|t)?|injur\w*|hurt|poison\w*|incendi\w*|quem\w*|herid[oa]|envenen\w*)\b/;

/** Whoever asks for a person, is angry, or speaks of danger, gets a person, however well the bot could answer. */
export function needsPerson(question: string): boolean {
  const text = wordsOf(question).join(' ');
  return person.test(text) || anger.test(text) || danger.test(text);
}

const goods =
  /\b(orders?|ordered|parcels?|packages?|delivery|deliveries|shipments?|stuff|pedidos?|pedi|paquetes?|entregas?|entrego|envios?|compra)\b/;
const mine =
  /\b(my|i ordered|i bought|mine|our|mi|mis|pedi|he pedido|compre|nuestro)\b|\border \d+|\bpedido \d+/;
const whereabouts =
  /\b(where (is|s|are)|donde (esta|estan|anda)|status|estado|on (its|the) way|en camino|(has|have|did|is|was|already|yet) .*\b(shipped|sent|leave|left|delivered|arrived?|dispatched)|shipped yet|when (will|does|do|is|are) .*\b(arrive|come|get here|be here|delivered)|cuando (llega|llegara|viene|vendra|me llega)|(ya|ha|han|se) .*\b(enviado|salido|llegado|entregado|entrego|mandado)|(any )?news (about|of|on)|noticias (de|sobre)|still waiting|sigo esperando|esperando|should have (been|come|arrived)|tenia que (llegar|venir)|hasn t (come|arrived)|not (come|arrived|here)|no (ha|han|me ha|me han) llegado|how far|como va)\b/;
const howTo = /\b(how (can|do|to)|where (do|can) i|donde (veo|puedo|consigo)|como (rastreo|puedo|se))\b/;
const money = /\b(refund\w*|money|reimburse\w*|reembolso|dinero|abono)\b/;

/** True where only the asker's own orders have the answer. */
export function asksForOrder(question: string): boolean {
  const text = wordsOf(question).join(' ');
  if (howTo.test(text) || money.test(text) || !whereabouts.test(text)) return false;
  return goods.test(text) ? true : mine.test(text) || /llegado nada/.test(text);
}

/** The order that a question names. */
export function orderNumberIn(question: string): number | undefined {
  const found = /\b(?:order|pedido)\s*(?:no|nr|number|numero|#)?\.?\s*#?\s*([1-9][0-9]{0,9})\b/i.exec(
    question.normalize('NFD').replaceAll(/\p{M}/gu, ''),
  );
  const number = Number(found?.[1]);
  return Number.isInteger(number) && number <= 2_147_483_647 ? number : undefined;
}
