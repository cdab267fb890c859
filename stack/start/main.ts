import { parseArgs } from 'node:util';
import { startShop, type Shop } from '../shop.ts';

const usage = `Usage: npm start -- [--port 7000] [--operator-port 7070] [--data-dir .matapalo] [--fresh]

Starts the sample shop behind the proxy: PostgreSQL, monolith, services, operator, cdc, proxy.
Data is kept in --data-dir between starts; --fresh begins anew. Ctrl-C stops all in order.
`;

function options() {
  const { values } = parseArgs({
    options: {
      port: { type: 'string', default: '7000' },
      'operator-port': { type: 'string', default: '7070' },
      'data-dir': { type: 'string', default: '.matapalo' },
      scale: { type: 'string', default: '1' },
      fresh: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  const number = (name: string, text: string, min: number, max: number) => {
    const value = Number(text);
    if (!(value >= min && value <= max))
      throw new Error(`--${name} ${text} is not a number from ${min} to ${max}.`);
    return value;
  };
  return {
    help: values.help,
    fresh: values.fresh,
    dataDir: values['data-dir'],
    port: number('port', values.port, 0, 65_535),
    operatorPort: number('operator-port', values['operator-port'], 0, 65_535),
    scale: number('scale', values.scale, 0.001, 10),
  };
}

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
  say(`
Next, in another terminal, move the catalogue:
  npx matapalo status
  npx matapalo sync catalogue

Ctrl-C stops everything; the data stays for the next start.`);
}

async function main(): Promise<void> {
  const chosen = options();
  if (chosen.help) {
    say(usage);
    return;
  }
  const startedMs = performance.now();
  let stopping = false;
  const stop = async () => {
    if (stopping) return;
    stopping = true;
    say('\nStopping: proxy, cdc, operator, services, monolith, databases.');
    // A stop in the middle of the start waits for it: what is half there would be left behind.
    await starting.then((shop) => shop.stop()).catch(() => undefined);
    say('Stopped.');
    process.exit(0);
  };
  const starting = startShop({
    ...chosen,
    fsync: true,
    onStep: (step) => say(`[${((performance.now() - startedMs) / 1000).toFixed(1).padStart(5)} s] ${step}`),
  });
  process.on('SIGINT', () => void stop());
  process.on('SIGTERM', () => void stop());
  const shop = await starting;
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

main().catch((error: unknown) => {
  process.stderr.write(
    `\nThe stack did not start: ${error instanceof Error ? error.message : String(error)}\n`,
  );
  process.exitCode = 1;
});
