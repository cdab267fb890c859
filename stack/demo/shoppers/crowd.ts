import { setTimeout as delay } from 'node:timers/promises';
import { Agent } from 'undici';
import { Shelf, type ShelfProduct } from './basket.ts';
import { Customer } from './customer.ts';
import { emptyLedger, type Ledger } from './ledger.ts';
import { Merchant } from './merchant.ts';
import { Meter } from './meter.ts';
import { Pace } from './pace.ts';
import { Random } from './random.ts';
import { ShopClient, type Tamper, type Wire } from './shop-client.ts';
import { logIn } from './sign-in.ts';

export interface CrowdOptions {
  /** The proxies; each shopper stays with one, as behind a load balancer with keep-alive. */
  urls: readonly string[];
  seed: number;
  ratePerSecond: number;
  goods: Goods;
  tamper?: Tamper;
}

/** What there is to sell, and whose it is. */
export interface Goods {
  /** Numbered from 1. */
  products: number;
  shelf: readonly ShelfProduct[];
  /** Products that a merchant may have for itself. */
  free: readonly number[];
}

/** So many that the rate is kept while each waits half a second for an answer. */
const customers = 100;
const merchants = 42;
/** Those that only write, and only while a switch is near: some more than the twenty that it must hold. */
const rushers = 21;
const rushThinkMs = 1_000;
const productsEach = 4;

export interface Crowd {
  readonly ledger: Ledger;
  readonly meter: Meter;
  readonly goods: Goods;
  /**
   * More catalogue writes, until the returned function is called: now and then by each, and by all at once in the moment that
   * `worst` resolves. A load that fills a pause of a few hundredths of a second by chance would be one that a small machine
   * cannot drain.
   */
  rush(worst: Promise<void>): () => Promise<void>;
  /** Requests a second of the paced load so far, without the rushes. */
  pacedPerSecond(): number;
  /** No shopper is in the middle of a request afterwards. */
  stop(): Promise<void>;
}

/** Logs everybody in, then lets them shop at the given rate until stopped. Nobody sends anything twice. */
export async function gatherCrowd(options: CrowdOptions): Promise<Crowd> {
  const meter = new Meter();
  const ledger = emptyLedger();
  const dispatcher = new Agent({ connections: 256, pipelining: 1, keepAliveTimeout: 2_000 });
  const wire: Wire = { dispatcher, meter, ...(options.tamper ? { tamper: options.tamper } : {}) };
  let number = 0;
  const client = (name: string) => {
    const url = options.urls[number++ % options.urls.length] ?? '';
    return new ShopClient(wire, url, name);
  };
  const random = (stream: number) => new Random(options.seed * 100_003 + stream);

  const managers = await hireManagers(client('admin'), merchants + rushers);
  const free = [...options.goods.free];
  const merchant = async (index: number, email: string): Promise<Merchant> => {
    const own = client(`merchant ${index}`);
    await logIn(own, email);
    const made = new Merchant(own, ledger, random(1000 + index));
    await made.begin(free.splice(0, productsEach));
    return made;
  };
  const shelf = new Shelf(options.goods.shelf);
  const customer = async (index: number): Promise<Customer> => {
    const made = new Customer({
      client: client(`customer ${index}`),
      ledger,
      random: random(index),
      shelf,
      products: options.goods.products,
      email: `customer${100 + index}@shop.example`,
    });
    await made.begin();
    return made;
  };
  // In small parties: logging in is slow on purpose.
  const staff = await inParties(managers, (email, index) => merchant(index, email));
  const public_ = await inParties(
    Array.from({ length: customers }, (_, index) => index),
    customer,
  );
  const rushing = staff.slice(merchants);
  for (const one of rushing) one.rushing = true;
  if (meter.failed > 0) {
    await dispatcher.close();
    throw new Error(`Not everybody could log in and take stock:\n${meter.failures.join('\n')}`);
  }
  meter.samples.length = 0;

  const pace = new Pace(options.ratePerSecond);
  const pacedSince = Date.now();
  let pacedSteps = 0;
  let pacedRate: number | undefined;
  const paced = async (one: Merchant | Customer) => {
    while (await pace.turn()) {
      pacedSteps++;
      await one.step();
    }
  };
  const loops = shuffled([...staff.slice(0, merchants), ...public_], random(999)).map(paced);
  const rushes = new Set<Promise<unknown>>();
  return {
    ledger,
    meter,
    goods: options.goods,
    rush(worst) {
      let rushIsOn = true;
      const haste = random(998);
      const runs = rushing.map(async (one) => {
        let isCalled = false;
        const called = worst.then(() => (isCalled = true));
        let hasCome = false;
        while (rushIsOn) {
          const thinks = delay(haste.between(rushThinkMs / 2, rushThinkMs * 1.5));
          await (hasCome ? thinks : Promise.race([thinks, called]));
          hasCome = isCalled;
          await one.step();
        }
      });
      const all = Promise.all(runs);
      rushes.add(all);
      return async () => {
        rushIsOn = false;
        await all;
        rushes.delete(all);
      };
    },
    pacedPerSecond: () => pacedRate ?? (pacedSteps * 1000) / (Date.now() - pacedSince),
    async stop() {
      pacedRate ??= (pacedSteps * 1000) / (Date.now() - pacedSince);
      pace.stop();
      await Promise.all([...loops, ...rushes]);
      await dispatcher.close();
    },
  };
}

/** Customers whom the shop's administrator makes managers: each is somebody of its own to the proxy. */
async function hireManagers(admin: ShopClient, count: number): Promise<string[]> {
  await logIn(admin, 'admin@shop.example');
  const ids = Array.from({ length: count }, (_, index) => index + 1);
  await inParties(ids, (id) =>
    admin.expect(200, {
      method: 'PUT',
      path: `/users/${id}/roles`,
      route: '/users/:id/roles',
      moving: false,
      body: { roles: ['manager'] },
    }),
  );
  return ids.map((id) => `customer${id}@shop.example`);
}

async function inParties<T, R>(
  items: readonly T[],
  act: (item: T, index: number) => Promise<R>,
): Promise<R[]> {
  const done: R[] = [];
  const size = 8;
  for (let start = 0; start < items.length; start += size) {
    const party = items.slice(start, start + size);
    done.push(...(await Promise.all(party.map((item, index) => act(item, start + index)))));
  }
  return done;
}

function shuffled<T>(items: T[], random: Random): T[] {
  return items
    .map((item) => ({ item, key: random.next() }))
    .sort((a, b) => a.key - b.key)
    .map(({ item }) => item);
}
