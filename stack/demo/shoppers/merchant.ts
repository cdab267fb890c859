import type { AdjustmentEntry, CreationEntry, Ledger, ProductEntry, ReservationEntry } from './ledger.ts';
import { amountOf } from './money.ts';
import { availabilityDiffers, entryOf, productDiffers } from './product-model.ts';
import type { Random } from './random.ts';
import { move, reserve } from './reserve.ts';
import { field } from './read-answer.ts';
import type { Ask, ShopClient } from './shop-client.ts';

const words = [
  'sturdy',
  'light',
  'handmade',
  'classic',
  'new',
  'spare',
  'quiet',
  'bright',
  'öko',
  "d'or",
  '100%',
];

type Chore = 'edit' | 'price' | 'adjust' | 'status' | 'create' | 'reserve' | 'read' | 'availability';

const day: Record<Chore, number> = {
  edit: 6,
  price: 6,
  adjust: 8,
  status: 2,
  create: 2,
  reserve: 8,
  read: 46,
  availability: 22,
};
const rush: Record<Chore, number> = { ...day, read: 0, availability: 0 };

/**
 * A manager with products of its own that nobody else touches: the ledger knows every field of them exactly, so each read is
 * a test that the last acknowledged write shows.
 */
export class Merchant {
  readonly #client: ShopClient;
  readonly #ledger: Ledger;
  readonly #random: Random;
  readonly #products: ProductEntry[] = [];
  #held: ReservationEntry | undefined;
  #count = 0;
  /** Only writes, for when a switch is near. */
  rushing = false;

  constructor(client: ShopClient, ledger: Ledger, random: Random) {
    this.#client = client;
    this.#ledger = ledger;
    this.#random = random;
  }

  /** Takes stock of its products before anything else. */
  async begin(productIds: readonly number[]): Promise<void> {
    for (const id of productIds) {
      const product = await this.#client.expect(200, read(id));
      const stock = await this.#client.expect(200, readAvailability(id));
      const [onHand, reserved] = [field(stock, 'onHand'), field(stock, 'reserved')];
      if (typeof onHand !== 'number' || typeof reserved !== 'number') continue;
      const entry = entryOf(product, { onHand, reserved });
      if (entry === undefined) continue;
      this.#ledger.products.set(id, entry);
      this.#products.push(entry);
    }
  }

  /** One request. */
  async step(): Promise<void> {
    if (this.#held !== undefined && this.#random.chance(0.5)) return this.#settle(this.#held);
    const product = this.#random.pick(this.#products);
    switch (this.#random.choose(this.rushing ? rush : day)) {
      case 'edit':
        return this.#edit(product);
      case 'price':
        return this.#price(product);
      case 'adjust':
        return this.#adjust(product);
      case 'status':
        return this.#toggle(product);
      case 'create':
        return this.#create(product.categoryId);
      case 'reserve':
        return this.#reserve(product);
      case 'read':
        return this.#read(product);
      case 'availability':
        return this.#readAvailability(product);
    }
  }

  async #edit(product: ProductEntry): Promise<void> {
    const random = this.#random;
    const both = random.chance(0.5);
    const name = `${random.pick(words)} ${random.pick(words)} ${++this.#count} of ${this.#client.name}`;
    const change = {
      ...(both || random.chance(0.5) ? { name } : {}),
      ...(both ? { price: { amount: amountOf(random.between(100, 99_999)) } } : {}),
      description: `Said ${this.#count} times: ${'so '.repeat(random.between(1, 60))}it is ${random.pick(words)}.`,
    };
    await this.#change(product, { method: 'PATCH', ...at(product.id), body: change }, () => {
      product.name = change.name ?? product.name;
      product.description = change.description;
      if (change.price !== undefined) product.priceCents = Math.round(Number(change.price.amount) * 100);
    });
  }

  async #price(product: ProductEntry): Promise<void> {
    const cents = this.#random.between(100, 99_999);
    const ask: Ask = {
      method: 'PUT',
      path: `/products/${product.id}/price`,
      route: '/products/:id/price',
      moving: true,
      body: { amount: amountOf(cents) },
    };
    await this.#change(product, ask, () => (product.priceCents = cents));
  }

  async #toggle(product: ProductEntry): Promise<void> {
    if (product.status === 'archived') {
      const ask: Ask = { method: 'PATCH', ...at(product.id), body: { status: 'active' } };
      return this.#change(product, ask, () => (product.status = 'active'));
    }
    const ask: Ask = { method: 'DELETE', ...at(product.id) };
    const answer = await this.#client.ask(ask);
    if (answer === undefined) product.uncertain = true;
    else if (answer.status === 204) product.status = 'archived';
    else this.#client.wrong(ask, `204 expected, ${answer.status} ${JSON.stringify(answer.body)}`);
  }

  /** A change whose answer is the product as it is then. */
  async #change(product: ProductEntry, ask: Ask, done: () => void): Promise<void> {
    const answer = await this.#client.ask(ask);
    if (answer === undefined) {
      product.uncertain = true;
      return;
    }
    if (answer.status !== 200) {
      this.#client.wrong(ask, `200 expected, ${answer.status} ${JSON.stringify(answer.body)}`);
      return;
    }
    done();
    this.#check(ask, productDiffers(product, answer.body));
  }

  async #adjust(product: ProductEntry): Promise<void> {
    const free = product.onHand - product.reserved;
    const delta =
      free > 20 && this.#random.chance(0.4) ? -this.#random.between(1, 10) : this.#random.between(1, 10);
    const entry: AdjustmentEntry = {
      id: this.#random.uuid(),
      productId: product.id,
      delta,
      outcome: 'unknown',
    };
    this.#ledger.adjustments.push(entry);
    const ask: Ask = {
      method: 'POST',
      path: `/products/${product.id}/stock-adjustments`,
      route: '/products/:id/stock-adjustments',
      moving: true,
      body: { adjustmentId: entry.id, delta, reason: `count ${++this.#count}` },
    };
    const answer = await this.#client.ask(ask);
    if (answer === undefined) {
      product.uncertain = true;
      return;
    }
    entry.outcome = answer.status === 201 || answer.status === 200 ? 'acknowledged' : 'refused';
    if (entry.outcome === 'acknowledged') product.onHand += delta;
    // 200 says that it had been applied before; it was sent once.
    if (answer.status !== 201)
      this.#client.wrong(ask, `201 expected, ${answer.status} ${JSON.stringify(answer.body)}`);
  }

  async #create(categoryId: number): Promise<void> {
    const entry: CreationEntry = {
      sku: `D${this.#random.uuid().slice(0, 18)}`,
      productId: undefined,
      onHand: this.#random.between(50, 500),
      outcome: 'unknown',
    };
    this.#ledger.creations.push(entry);
    const product = {
      sku: entry.sku,
      name: `New ${this.#random.pick(words)} thing ${++this.#count}`,
      description: `By ${this.#client.name}.`,
      categoryId,
      price: { amount: amountOf(this.#random.between(100, 99_999)) },
      onHand: entry.onHand,
    };
    const ask: Ask = { method: 'POST', path: '/products', route: '/products', moving: true, body: product };
    const answer = await this.#client.ask(ask);
    if (answer === undefined) return;
    entry.outcome = answer.status === 201 ? 'acknowledged' : 'refused';
    if (answer.status !== 201) {
      this.#client.wrong(ask, `201 expected, ${answer.status} ${JSON.stringify(answer.body)}`);
      return;
    }
    const created = entryOf(answer.body, { onHand: entry.onHand, reserved: 0 });
    if (created === undefined) return this.#client.wrong(ask, `it shows ${JSON.stringify(answer.body)}`);
    entry.productId = created.id;
    const expected: ProductEntry = {
      ...created,
      sku: product.sku,
      name: product.name,
      description: product.description,
      categoryId,
      priceCents: Math.round(Number(product.price.amount) * 100),
      status: 'active',
    };
    this.#check(ask, productDiffers(expected, answer.body));
    this.#ledger.products.set(expected.id, expected);
    this.#products.push(expected);
  }

  async #reserve(product: ProductEntry): Promise<void> {
    const quantity = this.#random.between(1, 5);
    if (this.#held !== undefined) return this.#settle(this.#held);
    if (product.status !== 'active' || product.uncertain || product.onHand - product.reserved < quantity)
      return this.#adjust(product);
    const entry = await reserve(this.#client, this.#ledger, this.#random, [
      { productId: product.id, quantity },
    ]);
    if (entry.outcome === 'unknown') product.uncertain = true;
    if (entry.outcome !== 'acknowledged') return;
    product.reserved += quantity;
    this.#held = entry;
  }

  async #settle(entry: ReservationEntry): Promise<void> {
    this.#held = undefined;
    const to = this.#random.chance(0.7) ? 'commit' : 'release';
    const moved = await move(this.#client, entry, to);
    for (const { productId, quantity } of entry.lines) {
      const product = this.#ledger.products.get(productId);
      if (product === undefined) continue;
      if (!moved) product.uncertain = true;
      product.reserved -= quantity;
      if (to === 'commit') product.onHand -= quantity;
    }
  }

  async #read(product: ProductEntry): Promise<void> {
    const ask = read(product.id);
    const body = await this.#client.expect(200, ask);
    if (body !== undefined) this.#check(ask, productDiffers(product, body));
  }

  async #readAvailability(product: ProductEntry): Promise<void> {
    const ask = readAvailability(product.id);
    const body = await this.#client.expect(200, ask);
    if (body !== undefined) this.#check(ask, availabilityDiffers(product, body));
  }

  #check(ask: Ask, difference: string | undefined): void {
    if (difference !== undefined) this.#client.wrong(ask, difference);
  }
}

const at = (id: number) => ({ path: `/products/${id}`, route: '/products/:id', moving: true });
const read = (id: number): Ask => ({ method: 'GET', ...at(id) });
const readAvailability = (id: number): Ask => ({
  method: 'GET',
  path: `/products/${id}/availability`,
  route: '/products/:id/availability',
  moving: true,
});
