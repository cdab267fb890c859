import { browse } from './browse.ts';
import { Basket, type Shelf } from './basket.ts';
import type { Ledger, ProfileEntry, ReservationEntry } from './ledger.ts';
import type { Random } from './random.ts';
import { move, readBack, reserve } from './reserve.ts';
import { field } from './read-answer.ts';
import type { Ask, ShopClient } from './shop-client.ts';
import { logIn } from './sign-in.ts';

const habits = {
  browse: 62,
  profile: 5,
  rename: 4,
  cart: 6,
  readCart: 3,
  checkout: 5,
  readOrder: 3,
  cancel: 1,
  reserve: 4,
  readReservation: 2,
  login: 1,
};

export interface CustomerOptions {
  client: ShopClient;
  ledger: Ledger;
  random: Random;
  shelf: Shelf;
  /** Products of the shop, numbered from 1. */
  products: number;
  email: string;
}

/** Somebody who looks around, reserves, fills a cart, orders and pays. Profile, cart and orders are its own: every answer can be predicted. */
export class Customer {
  readonly #o: CustomerOptions;
  #profile: ProfileEntry | undefined;
  #basket: Basket | undefined;
  #held: ReservationEntry | undefined;
  #newest: ReservationEntry | undefined;
  #count = 0;

  constructor(options: CustomerOptions) {
    this.#o = options;
  }

  async begin(): Promise<void> {
    await logIn(this.#o.client, this.#o.email);
    const me = await this.#o.client.expect(200, readProfile);
    const userId = field(me, 'id');
    if (typeof userId !== 'number') return;
    this.#profile = { userId, name: String(field(me, 'name')), uncertain: false };
    this.#o.ledger.profiles.set(userId, this.#profile);
    this.#basket = new Basket(this.#o, userId);
  }

  /** One request. */
  async step(): Promise<void> {
    const { client, random, products } = this.#o;
    const [profile, basket] = [this.#profile, this.#basket];
    if (profile === undefined || basket === undefined) return browse(client, random, products);
    switch (random.choose(habits)) {
      case 'browse':
        return browse(client, random, products);
      case 'profile':
        return this.#readProfile(profile);
      case 'rename':
        return this.#rename(profile);
      case 'cart':
        return basket.put();
      case 'readCart':
        return basket.read();
      case 'checkout':
        return basket.checkout();
      case 'readOrder':
        return basket.readOrder();
      case 'cancel':
        return basket.cancel();
      case 'reserve':
        return this.#reserve();
      case 'readReservation':
        return this.#newest === undefined ? this.#reserve() : readBack(client, this.#newest);
      case 'login':
        return logIn(client, this.#o.email);
    }
  }

  async #reserve(): Promise<void> {
    const { client, ledger, random, shelf } = this.#o;
    if (this.#held !== undefined) {
      const entry = this.#held;
      this.#held = undefined;
      await move(client, entry, random.chance(0.6) ? 'commit' : 'release');
      return;
    }
    const lines = shelf.some(random).map(({ id }) => ({ productId: id, quantity: random.between(1, 3) }));
    // Some are left to lapse: only the side that owns the stock may give it back, and only once.
    const lapses = random.chance(0.15);
    const entry = await reserve(client, ledger, random, lines, lapses ? random.between(2, 6) : undefined);
    if (entry.outcome !== 'acknowledged' || lapses) return;
    this.#held = entry;
    this.#newest = entry;
  }

  async #readProfile(profile: ProfileEntry): Promise<void> {
    const body = await this.#o.client.expect(200, readProfile);
    if (body !== undefined && !profile.uncertain && field(body, 'name') !== profile.name)
      this.#o.client.wrong(
        readProfile,
        `name is ${String(field(body, 'name'))}, ${profile.name} was written`,
      );
  }

  async #rename(profile: ProfileEntry): Promise<void> {
    const name = `Customer ${profile.userId}, ${++this.#count}`;
    const ask: Ask = { ...readProfile, method: 'PATCH', body: { name } };
    const answer = await this.#o.client.ask(ask);
    if (answer === undefined) profile.uncertain = true;
    else if (answer.status !== 200 || field(answer.body, 'name') !== name)
      this.#o.client.wrong(ask, `${answer.status} ${JSON.stringify(answer.body)}`);
    else profile.name = name;
  }
}

const readProfile: Ask = { method: 'GET', path: '/users/me', route: '/users/me', moving: false };
