import { allServices } from '../services.ts';
import { startShop, type Shop } from '../shop.ts';
import { parseOptions, usage, UsageError } from './options.ts';
import { prepare } from './prepare.ts';

const say = (text: string) => process.stdout.write(`${text}\n`);

function welcome(shop: Shop, seconds: string): void {
  say(`
The shop answers through the proxy after ${seconds} s.

  Clients' URL    ${shop.url}          try: curl ${shop.url}/products?limit=3
  Operator        ${shop.operatorUrl}          console and API; token in ${shop.dataDir}/token
  Log in          POST ${shop.url}/auth/login  {"email":"customer1@shop.example","password":"shop-password-1"}
  Logs            ${shop.dataDir}/log/

Running:`);
  for (const [name, started] of shop.processes) say(`  ${name.padEnd(12)} pid ${started.pid}`);
  if (shop.kafka !== undefined) {
    const { kafka, connect, config } = shop.kafka;
    say(`  ${'kafka'.padEnd(12)} pid ${kafka.pid}   ${config.kafka.brokers.join(', ')}`);
    say(`  ${'connect'.padEnd(12)} pid ${connect.pid}   ${config.connect.url}`);
  }
  say(`
Next, in another terminal, move the catalogue (then ${allServices.filter((name) => name !== 'catalogue').join(', ')}):
  npx matapalo status
  npx matapalo sync catalogue

Ctrl-C stops everything; the data stays for the next start.`);
}

let stopping = false;

async function main(): Promise<void> {
  const chosen = parseOptions(process.argv.slice(2));
  if (chosen === undefined) {
    say(usage);
    return;
  }
  const startedMs = performance.now();
  const stop = async () => {
    if (stopping) return;
    stopping = true;
    const kafka = chosen.profile === 'debezium' ? 'Connect, Kafka, ' : '';
    say(`\nStopping: proxy, cdc, operator, services, monolith, ${kafka}databases.`);
    // A stop in the middle of the start waits for it: what is half there would be left behind.
    const shop = await starting.catch(() => undefined);
    await shop?.stop();
    say('Stopped.');
    process.exit(0);
  };
  const onStep = (step: string) =>
    say(`[${((performance.now() - startedMs) / 1000).toFixed(1).padStart(5)} s] ${step}`);
  const starting = prepare(chosen, onStep).then(() =>
    startShop({ ...chosen, services: allServices, fsync: true, onStep }),
  );
  // SIGHUP is a terminal that was closed: nobody would be there to stop the rest.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.on(signal, () => void stop().catch(fail));
  const shop = await starting;
  // What is about to end is not announced.
  if (stopping) return;
  welcome(shop, ((performance.now() - startedMs) / 1000).toFixed(1));
  for (const [name, started] of shop.processes) {
    void started.exit.then((code) => {
      if (!stopping)
        say(
          `\n${name} ended by itself (${code}). Its log: ${started.logFile}. Ctrl-C, then npm start again.`,
        );
    });
  }
}

function fail(error: unknown): void {
  const message = error instanceof Error ? error.message : String(error);
  if (error instanceof UsageError) process.stderr.write(`${message}\n`);
  else process.stderr.write(`The stack ${stopping ? 'did not stop cleanly' : 'did not start'}: ${message}\n`);
  process.exit(error instanceof UsageError ? 2 : 1);
}

main().catch(fail);
