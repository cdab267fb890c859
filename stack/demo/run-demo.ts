import pg from 'pg';
import type { Shop } from '../shop.ts';
import { audit, openBooks } from './auditor/audit.ts';
import { chooseGoods } from './choose-goods.ts';
import { Journey } from './journey.ts';
import { OperatorApi } from './operator-api.ts';
import type { DemoOptions } from './options.ts';
import { makeReport, type Report } from './report.ts';
import { AnswerShim, sabotage } from './sabotage.ts';
import { gatherCrowd } from './shoppers/crowd.ts';
import { entriesOf } from './shoppers/ledger.ts';
import { Watch } from './watch.ts';

/** The whole journey under load, then the audit. Throws only when interrupted, or when nothing could be begun. */
export async function runDemo(options: DemoOptions, shop: Shop, signal: AbortSignal): Promise<Report> {
  const { legacy: legacyUrl, catalogue: serviceUrl } = shop.databases;
  const opening = await openBooks(legacyUrl);
  const shim = new AnswerShim();
  const crowd = await gatherCrowd({
    urls: shop.proxyUrls,
    seed: options.seed,
    ratePerSecond: options.rate,
    goods: await chooseGoods(legacyUrl),
    tamper: shim.tamper,
  });
  const api = new OperatorApi(shop.operatorUrl, shop.token, signal);
  const watch = new Watch(api, crowd.meter);
  const journey = new Journey({
    api,
    crowd,
    sides: { legacyUrl, serviceUrl },
    controlUrl: shop.databases.control,
    seconds: options.seconds,
    signal,
    say: (text) => watch.say(text),
    beforeLastLook: async () => {
      if (options.sabotage !== undefined)
        watch.say(`sabotage: ${await sabotage(options.sabotage, shop, crowd, shim)}`);
    },
    patienceMs: options.sabotage === undefined ? 60_000 : 10_000,
  });
  let stopping = false;
  for (const [name, child] of shop.processes) {
    void child.exit.then((code) => {
      if (!stopping) journey.trouble.push(`${name} ended by itself (${code}): ${child.logFile}`);
    });
  }
  for (const name of ['kafka', 'connect'] as const) {
    const server = shop.kafka?.[name];
    void server?.exit.then((code) => {
      if (!stopping) journey.trouble.push(`${name} ended by itself (${code}): ${server.logFile}`);
    });
  }
  watch.start();
  try {
    await journey.run();
  } catch (error) {
    if (!signal.aborted) journey.trouble.push(error instanceof Error ? error.message : String(error));
  }
  await watch.look();
  watch.stop();
  await crowd.stop();
  stopping = true;
  signal.throwIfAborted();
  watch.say('the shoppers have gone home; the auditor reads the books');
  const owner = await ownerOf(legacyUrl);
  const findings = await audit({ legacyUrl, serviceUrl, owner, ledger: crowd.ledger, opening });
  return makeReport({
    options,
    meter: crowd.meter,
    pacedPerSecond: crowd.pacedPerSecond(),
    lagsMs: watch.lagsMs,
    comparisons: watch.comparisons,
    verification: journey.verification,
    switches: journey.switches,
    phases: journey.visited,
    findings,
    ledgerEntries: entriesOf(crowd.ledger),
    trouble: journey.trouble,
  });
}

/** Whose books count: what the monolith's database says, whatever the journey believes. */
async function ownerOf(legacyUrl: string): Promise<'legacy' | 'service'> {
  const db = new pg.Client({ connectionString: legacyUrl });
  await db.connect();
  try {
    const { rows } = await db.query<{ owner: string }>(
      `select owner from matapalo.owner where group_name = 'catalogue'`,
    );
    return rows[0]?.owner === 'service' ? 'service' : 'legacy';
  } catch {
    // The tool has not been here yet.
    return 'legacy';
  } finally {
    await db.end();
  }
}
