import type { DataSource } from 'typeorm';
import type { Sql } from '#kernel/db/statements.ts';
import type { Write } from '#kernel/db/unit-of-work.ts';
import type { Passage } from '#kernel/http/passage.ts';
import type { Line, Neighbours, Product } from './neighbours.ts';
import { amountOf, centsOf } from './rules/money.ts';
import { mostOfOne, mostProducts } from './rules/order.ts';
import { refuse } from './rules/refusal.ts';
import {
  cartOf,
  lockCart,
  mergeGuest,
  removeLine,
  setLines,
  takeCart,
  type CartOwner,
} from './store/carts.ts';

export function createCart(source: DataSource, write: Write, neighbours: Neighbours) {
  const productsOf = (passage: Passage, lines: readonly Line[]): Promise<Product[]> =>
    lines.length === 0
      ? Promise.resolve([])
      : neighbours.products(
          passage,
          lines.map(({ productId }) => productId),
        );

  /** A customer sees what the next change brings together: the own cart, and the one of the time as a guest. */
  async function show(passage: Passage, owner: CartOwner | undefined, guest?: string) {
    const lines = owner === undefined ? [] : await cartOf(source.manager, owner);
    if (guest !== undefined) addLines(lines, await cartOf(source.manager, { cartId: guest }));
    const products = new Map((await productsOf(passage, lines)).map((product) => [product.id, product]));
    let totalCents = 0;
    // What the catalogue does not know any more is not shown; a checkout names it.
    const items = lines.flatMap(({ productId, quantity }) => {
      const product = products.get(productId);
      if (product === undefined) return [];
      totalCents += quantity * centsOf(product.price.amount);
      const available = product.status === 'active' ? product.available : 0;
      return [{ productId, quantity, name: product.name, price: product.price, available }];
    });
    return { items, total: { amount: amountOf(totalCents), currency: 'EUR' } };
  }

  async function assertSold(passage: Passage, lines: readonly Line[]): Promise<void> {
    const sold = new Set(
      (await productsOf(passage, lines)).filter(({ status }) => status === 'active').map(({ id }) => id),
    );
    const missing = lines.find(({ productId }) => !sold.has(productId));
    if (missing !== undefined) {
      throw refuse('unknown-product', `There is no active product ${missing.productId}.`);
    }
  }

  const change = (owner: CartOwner, guest: string | undefined, work: (sql: Sql) => Promise<unknown>) =>
    write(async (sql) => {
      if ('userId' in owner && guest !== undefined) await mergeGuest(sql, owner.userId, guest);
      else await lockCart(sql, owner);
      await work(sql);
    });

  async function replace(passage: Passage, owner: CartOwner, lines: readonly Line[], guest?: string) {
    const ids = lines.map(({ productId }) => productId);
    if (new Set(ids).size < ids.length) throw refuse('bad-request', 'A product is named twice.');
    await assertSold(passage, lines);
    await change(owner, guest, async (sql) => {
      await takeCart(sql, owner);
      await setLines(sql, owner, lines);
    });
    return show(passage, owner);
  }

  async function put(passage: Passage, owner: CartOwner, line: Line, guest?: string) {
    await assertSold(passage, [line]);
    await change(owner, guest, async (sql) => {
      await setLines(sql, owner, [line]);
      if ((await cartOf(sql, owner)).length > mostProducts)
        throw refuse('bad-request', `A cart holds ${mostProducts} products at most.`);
    });
    return show(passage, owner);
  }

  async function remove(passage: Passage, owner: CartOwner, productId: number, guest?: string) {
    await change(owner, guest, (sql) => removeLine(sql, owner, productId));
    return show(passage, owner);
  }

  return { show, replace, put, remove };
}

export type Cart = ReturnType<typeof createCart>;

function addLines(lines: Line[], more: readonly Line[]): void {
  for (const { productId, quantity } of more) {
    const same = lines.find((line) => line.productId === productId);
    if (same === undefined) lines.push({ productId, quantity });
    else same.quantity = Math.min(same.quantity + quantity, mostOfOne);
  }
  lines.sort((a, b) => a.productId - b.productId);
}
