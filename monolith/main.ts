import { buildApp } from './app.ts';
import { readConfig, type ShopConfig } from './config.ts';
import { describeFailure } from './http/failure.ts';

const codeOf = (error: unknown): string =>
  typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : '';

/** Says in one sentence what is wrong and what to do. */
function reasonOf(error: unknown, config: ShopConfig | undefined): string {
  if (codeOf(error) === 'EADDRINUSE') {
    return `Port ${config?.port} on ${config?.host} is in use. Stop what listens there, or choose another with PORT.`;
  }
  const text = describeFailure(error);
  if (/^(ECONN|ENOTFOUND|ETIMEDOUT|3D000|28|57P03)/.test(codeOf(error))) {
    return `The database of DATABASE_URL cannot be reached (${text}). Start it, or mend the URL.`;
  }
  return text;
}

async function main(): Promise<void> {
  let config: ShopConfig | undefined;
  try {
    config = readConfig(process.env);
    const app = await buildApp(config);
    let stopping = false;
    const stop = () => {
      if (stopping) return;
      stopping = true;
      // Requests in flight are answered first; nothing may keep a stopped process alive for long.
      setTimeout(() => process.exit(1), 25_000).unref();
      app.close().then(
        () => process.exit(0),
        (error: unknown) => {
          app.log.error({ err: error }, 'the stop failed');
          process.exit(1);
        },
      );
    };
    process.once('SIGTERM', stop);
    process.once('SIGINT', stop);
    const address = await app.listen({ host: config.host, port: config.port });
    app.log.info({ address, publicUrl: config.publicUrl }, 'the shop listens');
  } catch (error) {
    process.stderr.write(`The shop cannot start: ${reasonOf(error, config)}\n`);
    process.exit(1);
  }
}

await main();
