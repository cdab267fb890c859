import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startShop } from '../shop.ts';
import { parseOptions, usage, type DemoOptions } from './options.ts';
import { passed } from './report.ts';
import { runDemo } from './run-demo.ts';
import { tell } from './table.ts';

const say = (text: string) => process.stdout.write(`${text}\n`);

async function demo(options: DemoOptions, signal: AbortSignal): Promise<boolean> {
  const dataDir = mkdtempSync(join(tmpdir(), 'matapalo-demo-'));
  // PostgreSQL may have to run as another user.
  chmodSync(dataDir, 0o755);
  let isWell = false;
  try {
    const startedMs = performance.now();
    const seconds = () => ((performance.now() - startedMs) / 1000).toFixed(1).padStart(6);
    const shop = await startShop({
      dataDir,
      proxies: options.proxies,
      scale: options.scale,
      profile: options.profile,
      onStep: (step) => say(`[${seconds()} s] ${step}`),
    });
    try {
      signal.throwIfAborted();
      say(`The shop answers at ${shop.proxyUrls.join(' and ')}. Data and logs: ${dataDir}\n`);
      const report = await runDemo(options, shop, signal);
      if (options.jsonFile !== undefined)
        writeFileSync(options.jsonFile, `${JSON.stringify(report, null, 2)}\n`);
      say(tell(report));
      isWell = passed(report);
    } finally {
      await shop.stop();
    }
  } finally {
    if (isWell || signal.aborted) rmSync(dataDir, { recursive: true, force: true });
    else say(`Databases and logs are kept in ${dataDir}`);
  }
  return isWell;
}

async function main(): Promise<number> {
  let options: DemoOptions | undefined;
  try {
    options = parseOptions(process.argv.slice(2));
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n\n${usage}`);
    return 2;
  }
  if (options === undefined) {
    say(usage);
    return 0;
  }
  const interrupted = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      if (!interrupted.signal.aborted)
        say('\nStopping: shoppers, proxies, cdc, operator, services, monolith, databases.');
      interrupted.abort(new Error('interrupted'));
    });
  }
  try {
    return (await demo(options, interrupted.signal)) ? 0 : 1;
  } catch (error) {
    if (interrupted.signal.aborted) return 130;
    process.stderr.write(
      `\nThe demo did not run: ${error instanceof Error ? error.message : String(error)}\n`,
    );
    return 1;
  }
}

process.exitCode = await main();
