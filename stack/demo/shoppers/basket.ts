import type { Ledger, Line, OrderEntry } from './ledger.ts';
import { centsOf } from './money.ts';
import type { Random } from './random.ts';
import { field, itemsOf } from './read-answer.ts';
import type { Answer, Ask, ShopClient } from './shop-client.ts';

export interface ShelfProduct {
  id: number;
  name: string;
  priceCents: number;
}

/** Products that all customers buy and nobody edits: deep enough that none runs out. */
export class Shelf {
  readonly #products: readonly ShelfProduct[];

  constructor(products: readonly ShelfProduct[]) {
    this.#products = products;
  }

  /** One to three different ones. */
  some(random: Random): ShelfProduct[] {
    const wanted = new Set<ShelfProduct>();
    for (let left = random.between(1, 3); left > 0; left--) wanted.add(random.pick(this.#products));
    return [...wanted];
  }
}

interface Owner {
  client: ShopClient;
  ledger: Ledger;
  random: Random;
  shelf: Shelf;
}

type CartLine = Line & { priceCents: number };

const ask = (method: Ask['method'], path: string, route = path): Ask => ({
  method,
  path,
  route,
  moving: false,
});

/** A customer's cart and orders, as the customer knows them. */
export class Basket {
  readonly #o: Owner;
  readonly #userId: number;
  readonly #cart = new Map<number, CartLine>();
  #cartUncertain = false;
  #cartKnown = false;
  readonly #orders: OrderEntry[] = [];

  constructor(owner: Owner, userId: number) {
    this.#o = owner;
    this.#userId = userId;
  }

  async put(): Promise<void> {
    const { random, shelf } = this.#o;
    const [product] = shelf.some(random);
    if (product === undefined) return;
    const quantity = random.between(1, 4);
    // The first replaces what the cart may hold from before this customer kept a ledger.
    const first = !this.#cartKnown || this.#cart.size > 5;
    const put: Ask = first
      ? { ...ask('PUT', '/cart'), body: { items: [{ productId: product.id, quantity }] } }
      : { ...ask('PUT', `/cart/items/${product.id}`, '/cart/items/:id'), body: { quantity } };
    const answer = await this.#o.client.ask(put);
    if (answer === undefined) {
      this.#cartUncertain = true;
      return;
    }
    if (answer.status !== 200) return this.#wrong(put, answer);
    if (first) {
      this.#cart.clear();
      this.#cartKnown = true;
      this.#cartUncertain = false;
    }
    this.#cart.set(product.id, { productId: product.id, quantity, priceCents: product.priceCents });
    this.#checkCart(put, answer.body);
  }

  async read(): Promise<void> {
    if (!this.#cartKnown) return this.put();
    const get = ask('GET', '/cart');
    const body = await this.#o.client.expect(200, get);
    if (body !== undefined) this.#checkCart(get, body);
  }

  async checkout(): Promise<void> {
    const { client, ledger, random } = this.#o;
    if (!this.#cartKnown || this.#cartUncertain || this.#cart.size === 0) return this.put();
    const lines = [...this.#cart.values()];
    const declined = random.chance(0.05);
    const order: OrderEntry = {
      key: random.uuid(),
      userId: this.#userId,
      orderId: undefined,
      totalCents: lines.reduce((sum, line) => sum + line.quantity * line.priceCents, 0),
      lines,
      outcome: 'unknown',
      state: declined ? 'declined' : 'confirmed',
      uncertain: false,
    };
    ledger.orders.push(order);
    const post: Ask = {
      ...ask('POST', '/orders'),
      headers: { 'idempotency-key': order.key },
      body: {
        payment: { cardToken: declined ? 'tok_decline_demo' : 'tok_demo' },
        shipping: { name: client.name, address: '1 Fig Street, Matapalo' },
      },
    };
    const answer = await client.ask(post);
    if (answer === undefined) {
      order.uncertain = true;
      this.#cartUncertain = true;
      return;
    }
    order.outcome = answer.status === 201 ? 'acknowledged' : 'refused';
    if (answer.status !== (declined ? 402 : 201)) return this.#wrong(post, answer);
    if (declined) return;
    const id = field(answer.body, 'id');
    if (typeof id === 'number') order.orderId = id;
    this.#cart.clear();
    this.#orders.push(order);
    this.#checkOrder(post, order, answer.body);
  }

  async readOrder(): Promise<void> {
    if (this.#orders.length === 0) return this.checkout();
    const order = this.#o.random.pick(this.#orders);
    const get = ask('GET', `/orders/${order.orderId}`, '/orders/:id');
    const body = await this.#o.client.expect(200, get);
    if (body !== undefined) this.#checkOrder(get, order, body);
  }

  async cancel(): Promise<void> {
    const order = this.#orders.find(({ state, uncertain }) => state === 'confirmed' && !uncertain);
    if (order === undefined) return this.checkout();
    const post = ask('POST', `/orders/${order.orderId}/cancel`, '/orders/:id/cancel');
    const answer = await this.#o.client.ask(post);
    if (answer === undefined) {
      order.uncertain = true;
      return;
    }
    if (answer.status !== 200) return this.#wrong(post, answer);
    order.state = 'cancelled';
    this.#checkOrder(post, order, answer.body);
  }

  #wrong(asked: Ask, answer: Answer): void {
    this.#o.client.wrong(asked, `not expected: ${answer.status} ${JSON.stringify(answer.body)}`);
  }

  #checkCart(asked: Ask, body: unknown): void {
    if (this.#cartUncertain) return;
    const total = [...this.#cart.values()].reduce((sum, line) => sum + line.quantity * line.priceCents, 0);
    const items = itemsOf(body) ?? [];
    const same =
      items.length === this.#cart.size &&
      items.every(
        (item) => this.#cart.get(Number(field(item, 'productId')))?.quantity === field(item, 'quantity'),
      ) &&
      centsOf(field(field(body, 'total'), 'amount')) === total;
    if (!same)
      this.#o.client.wrong(
        asked,
        `the cart shows ${JSON.stringify(body)}, it was left ${JSON.stringify([...this.#cart.values()])}`,
      );
  }

  #checkOrder(asked: Ask, order: OrderEntry, body: unknown): void {
    if (order.uncertain) return;
    const lines = field(body, 'lines');
    const same =
      field(body, 'id') === order.orderId &&
      field(body, 'userId') === order.userId &&
      field(body, 'status') === order.state &&
      field(body, 'payment') === (order.state === 'cancelled' ? 'refunded' : 'charged') &&
      centsOf(field(field(body, 'total'), 'amount')) === order.totalCents &&
      Array.isArray(lines) &&
      lines.length === order.lines.length &&
      lines.every((line) =>
        order.lines.some(
          (ordered) =>
            ordered.productId === field(line, 'productId') && ordered.quantity === field(line, 'quantity'),
        ),
      );
    if (!same)
      this.#o.client.wrong(
        asked,
        `the order shows ${JSON.stringify(body)}, ${JSON.stringify(order)} was ordered`,
      );
  }
}
