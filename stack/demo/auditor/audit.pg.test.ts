import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { exportJWK, generateKeyPair } from 'jose';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { freePort, startCluster, type Cluster } from '#stack/clusters.ts';
import { startProcess, tailOf, type StackProcess } from '#stack/processes.ts';
import { chooseGoods } from '../choose-goods.ts';
import { gatherCrowd, type Crowd } from '../shoppers/crowd.ts';
import { audit, openBooks, type Opening } from './audit.ts';

/** The monolith alone: a ledger and its audit must hold without any of the tool. */
let cluster: Cluster;
let monolith: StackProcess;
let crowd: Crowd;
let opening: Opening;
let legacyUrl: string;
const folder = mkdtempSync(join(tmpdir(), 'matapalo-audit-'));

const books = () =>
  audit({ legacyUrl, serviceUrl: legacyUrl, owner: 'legacy', ledger: crowd.ledger, opening });
const told = async () => (await books()).all.map(({ kind, text }) => `${kind}: ${text}`);

beforeAll(async () => {
  cluster = await startCluster();
  legacyUrl = await cluster.createDatabase('shop');
  const keysFile = join(folder, 'keys.json');
  const { privateKey } = await generateKeyPair('ES256', { extractable: true });
  const key = { ...(await exportJWK(privateKey)), kid: 'test', alg: 'ES256', use: 'sig' };
  writeFileSync(keysFile, JSON.stringify({ keys: [key] }));
  const port = String(await freePort());
  const url = `http://127.0.0.1:${port}`;
  const env = {
    DATABASE_URL: legacyUrl,
    JWT_KEYS_FILE: keysFile,
    PORT: port,
    PUBLIC_URL: url,
    MAIL_DIR: join(folder, 'mail'),
    LOG_LEVEL: 'warn',
  };
  const seed = startProcess({
    name: 'seed',
    entry: 'monolith/migrate.ts',
    args: ['--seed', '--scale', '0.06'],
    env,
    logFile: join(folder, 'seed.log'),
  });
  if ((await seed.exit) !== 0) throw new Error(tailOf(seed.logFile));
  monolith = startProcess({
    name: 'monolith',
    entry: 'monolith/main.ts',
    env,
    logFile: join(folder, 'monolith.log'),
    readyUrl: `${url}/readyz`,
  });
  await monolith.ready();
  opening = await openBooks(legacyUrl);
  crowd = await gatherCrowd({
    urls: [url],
    seed: 7,
    ratePerSecond: 250,
    goods: await chooseGoods(legacyUrl),
  });
  const calm = crowd.rush(delay(3_000).then(() => undefined));
  await delay(8_000);
  await calm();
  await crowd.stop();
});

afterAll(async () => {
  await monolith?.stop();
  await cluster?.stop();
  rmSync(folder, { recursive: true, force: true });
});

test('a shop that does what it says leaves a ledger that is whole', async () => {
  const { meter, ledger } = crowd;
  expect(meter.failures).toEqual([]);
  expect(meter.writes / meter.samples.length).toBeGreaterThan(0.25);
  expect(meter.movingWrites / meter.writes).toBeGreaterThan(0.5);
  expect(ledger.orders.length).toBeGreaterThan(5);
  expect(ledger.reservations.length).toBeGreaterThan(20);
  expect(await told()).toEqual([]);
});

test('a write that is gone is told as lost', async () => {
  const victim = crowd.ledger.adjustments.find(({ outcome }) => outcome === 'acknowledged');
  await cluster.query(
    `create table kept as select * from stk_adj where adj_id = '${victim?.id}';
     delete from stk_adj where adj_id = '${victim?.id}'`,
    'shop',
  );
  expect(await told()).toEqual([
    `lost: stock adjustment ${victim?.id} of product ${victim?.productId} by ${victim?.delta}`,
  ]);
  await cluster.query('insert into stk_adj select * from kept; drop table kept', 'shop');
});

test('an effect that came twice is told as doubled', async () => {
  const victim = crowd.ledger.adjustments.find(
    ({ outcome, delta }) => outcome === 'acknowledged' && delta > 0,
  );
  const change = (by: number) =>
    cluster.query(
      `update prod_stk set qty_hand = qty_hand + ${by} where prod_id = ${victim?.productId}`,
      'shop',
    );
  await change(victim?.delta ?? 0);
  const found = await told();
  expect(found).toHaveLength(1);
  expect(found[0]).toMatch(new RegExp(`^doubled: product ${victim?.productId} .*applied twice$`));
  await change(-(victim?.delta ?? 0));
});

test('an overwritten product, a second payment and an order nobody made are told', async () => {
  const product = [...crowd.ledger.products.values()][0];
  const order = crowd.ledger.orders.find(({ state }) => state === 'confirmed');
  await cluster.query(
    `update prod set price_cents = price_cents + 1 where prod_id = ${product?.id};
     insert into pay (ord_id, kind_cd, amt_cents, gw_ref) select ord_id, 'R', amt_cents, 'x' from pay where ord_id = ${order?.orderId};
     insert into ord (usr_id, tot_cents, ship_nm, ship_addr, idem_key, req_hsh) values (1, 5, '', '', 'stray', '')`,
    'shop',
  );
  const found = (await told()).join('\n');
  expect(found).toMatch(
    `lost: product ${product?.id}: the last acknowledged price was ${product?.priceCents}`,
  );
  expect(found).toMatch(`doubled: order ${order?.orderId} (C) has payments`);
  expect(found).toMatch(/unexplained: order \d+ was never asked for/);
  expect(found).toMatch(/unexplained: order \d+ totals 5 cents, its lines add up to 0/);
});
