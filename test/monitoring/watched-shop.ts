import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { OperatorApi, Refused } from '#stack/demo/operator-api.ts';
import { startShop, type Shop, type ShopOptions } from '#stack/shop.ts';
import { until } from '#test/cdc-fixture.ts';
import { Prometheus } from './prometheus.ts';

export interface WatchedShop {
  shop: Shop;
  prometheus: Prometheus;
  stop(): Promise<void>;
}

const group = 'catalogue';

/** The sample shop under a little traffic, scraped, its catalogue moved to the service and back and there again. */
export async function startWatchedShop(options: Pick<ShopOptions, 'profile'> = {}): Promise<WatchedShop> {
  const folder = mkdtempSync(join(tmpdir(), 'matapalo-watched-'));
  // As root, PostgreSQL runs under another account, which has to pass through.
  if (process.getuid?.() === 0) chmodSync(folder, 0o711);
  const closed = new AbortController();
  const closers: (() => Promise<unknown>)[] = [async () => rmSync(folder, { recursive: true, force: true })];
  const stop = async () => {
    closed.abort();
    for (const close of closers.splice(0).reverse()) await close();
  };
  try {
    const shop = await startShop({ dataDir: join(folder, 'shop'), port: 0, scale: 0.02, ...options });
    closers.push(() => shop.stop());
    for (const cluster of [shop.clusters.legacy, shop.clusters.services]) {
      await cluster.query(`alter system set max_slot_wal_keep_size = '1GB'`);
      await cluster.query('select pg_reload_conf()');
    }
    const at = (name: string) => [new URL(shop.origins.get(name) ?? '').host];
    const prometheus = await Prometheus.start(folder, {
      proxy: at('proxy'),
      operator: at('operator'),
      cdc: at('cdc'),
      monolith: at('monolith'),
      services: at('catalogue'),
    });
    closers.push(() => prometheus.stop());
    const crowd = [keepReading(shop.url, closed.signal), keepWriting(shop.url, closed.signal)];
    closers.push(() => Promise.all(crowd));
    await goThere(shop, closed.signal);
    return { shop, prometheus, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

type Json = Record<string, unknown>;

async function ask(url: string, signal: AbortSignal, init: RequestInit = {}): Promise<Json | undefined> {
  return fetch(url, { ...init, signal })
    .then((answer) => answer.json() as Promise<Json>)
    .catch(() => undefined);
}

/** Of the catalogue, some tens a second. */
async function keepReading(url: string, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await Promise.all(
      ['/products?limit=5', '/products/1', '/categories'].map((path) => ask(url + path, signal)),
    );
    await delay(50, undefined, { signal }).catch(() => undefined);
  }
}

/** One write after the other, so that a hold meets one almost surely. */
async function keepWriting(url: string, signal: AbortSignal): Promise<void> {
  const headers: Record<string, string> = { 'content-type': 'application/json' };
  while (!signal.aborted) {
    if (headers['authorization'] === undefined) {
      const body = JSON.stringify({ email: 'manager@shop.example', password: 'shop-password-1' });
      const answer = await ask(`${url}/auth/login`, signal, { method: 'POST', headers, body });
      if (typeof answer?.['accessToken'] === 'string')
        headers['authorization'] = `Bearer ${answer['accessToken']}`;
    }
    const body = JSON.stringify({ amount: '9.99' });
    await ask(`${url}/products/2/price`, signal, { method: 'PUT', headers, body });
    await delay(5, undefined, { signal }).catch(() => undefined);
  }
}

/** Every phase but `retired`, so that all that can be measured has been. */
async function goThere(shop: Shop, signal: AbortSignal): Promise<void> {
  const api = new OperatorApi(shop.operatorUrl, shop.token, signal);
  const move = (kind: string, body: Record<string, unknown> = {}) => api.transit(group, kind, body, 120_000);
  await move('sync');
  await until('both directions stream', async () => {
    const { sync } = await api.group(group);
    return sync.length === 2 && sync.every(({ state }) => state === 'streaming');
  });
  await move('shadow');
  await move('canary', { percent: 50 });
  // Not verified yet: the gate that is not met has a metric as well.
  await api.transit(group, 'switch', {}, 0).then(
    () => Promise.reject(new Error('a switch without a verification')),
    (error: unknown) => {
      if (!(error instanceof Refused)) throw error;
    },
  );
  await api.verify(group, 'forward');
  await move('switch');
  // Back and there again, more than once if no write happened to come while writes were held.
  do {
    await api.verify(group, 'reverse');
    await move('rollback');
    await api.verify(group, 'forward');
    await move('switch');
  } while (!(await hasHeld(shop)));
  await api.verify(group, 'reverse');
}

async function hasHeld(shop: Shop): Promise<boolean> {
  const text = await (await fetch(`${shop.origins.get('proxy')}/metrics`)).text();
  return Number(/^matapalo_proxy_held_seconds_count\{.*\} (\d+)$/m.exec(text)?.[1]) > 0;
}
