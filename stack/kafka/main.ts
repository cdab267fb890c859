import { parseArgs } from 'node:util';
import { saslMechanisms, transportToEnv, type SaslMechanism } from '#plan/debezium-config.ts';
import { lockDataDir, ChildRegister } from '../data-dir.ts';
import { mkdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { ensureJars } from './jars.ts';
import { startKafka, type KafkaStack } from './kafka.ts';

const usage = `Usage: npm run stack:kafka -- [--port 9092] [--connect-port 8083] [--data-dir .matapalo/kafka] [--security scram-sha-512]

Starts Kafka (KRaft, one node) and Kafka Connect with Debezium, without Docker: Java 17 and Maven are needed.
--security plain|scram-sha-256|scram-sha-512 adds TLS and passwords. Port 0 takes a free one. Ctrl-C stops both.
--fetch only gets the jars, so that a later start need not.
`;

const say = (text: string) => process.stdout.write(`${text}\n`);

class UsageError extends Error {}

function parse(args: string[]) {
  let values;
  try {
    ({ values } = parseArgs({
      args,
      options: {
        port: { type: 'string', default: '9092' },
        'connect-port': { type: 'string', default: '8083' },
        'data-dir': { type: 'string', default: '.matapalo/kafka' },
        security: { type: 'string' },
        fetch: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    }));
  } catch (cause) {
    throw new UsageError(cause instanceof Error ? cause.message : String(cause), { cause });
  }
  const port = (name: 'port' | 'connect-port') => {
    const value = /^\d{1,5}$/.test(values[name]) ? Number(values[name]) : NaN;
    if (!(value <= 65_535)) throw new UsageError(`--${name} ${values[name]} is no port: 0 to 65535 is.`);
    return value;
  };
  const mechanism = saslMechanisms.find((name) => name === values.security);
  if (values.security !== undefined && mechanism === undefined)
    throw new UsageError(`--security ${values.security} is none of ${saslMechanisms.join(', ')}.`);
  return {
    help: values.help,
    fetch: values.fetch,
    port: port('port'),
    connectPort: port('connect-port'),
    dataDir: values['data-dir'],
    mechanism,
  };
}

function welcome(stack: KafkaStack, mechanism: SaslMechanism | undefined): void {
  const { kafka, connect } = stack.config;
  say(`
  Kafka     ${kafka.brokers.join(', ')}${mechanism ? ` (TLS, SASL ${mechanism})` : ''}
  Connect   ${connect.url}
  Logs      ${stack.dataDir}/log/

For the processes that use it:`);
  for (const [name, value] of Object.entries(transportToEnv(stack.config))) say(`  export ${name}=${value}`);
  say('\nCtrl-C stops both; the data stays for the next start.');
}

async function main(): Promise<void> {
  const chosen = parse(process.argv.slice(2));
  if (chosen.help) {
    say(usage);
    return;
  }
  if (chosen.fetch) {
    const { plugins } = await ensureJars(say);
    say(`Kafka, Connect and Debezium are there. Connect's plugin.path: ${plugins}`);
    return;
  }
  const dataDir = resolve(chosen.dataDir);
  mkdirSync(dataDir, { recursive: true });
  const unlock = lockDataDir(dataDir);
  const children = new ChildRegister(dataDir);
  const ended = children.endLeftovers();
  if (ended.length > 0) say(`Ended what an earlier start left running: ${ended.join(', ')}`);
  let stopping = false;
  const starting = startKafka({
    dataDir,
    port: chosen.port,
    connectPort: chosen.connectPort,
    ...(chosen.mechanism ? { security: { mechanism: chosen.mechanism } } : {}),
    onStep: say,
    onProcess: (pid, mainClass) => children.add(pid, mainClass),
  });
  const stop = async () => {
    if (stopping) return;
    stopping = true;
    say('\nStopping: Connect, Kafka.');
    const stack = await starting.catch(() => undefined);
    await stack?.stop();
    children.clear();
    unlock();
    say('Stopped.');
    process.exit(0);
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => void stop());
  try {
    const stack = await starting;
    if (stopping) return;
    welcome(stack, chosen.mechanism);
    for (const name of ['kafka', 'connect'] as const)
      void stack[name].exit.then((code) => {
        if (!stopping) say(`\n${name} ended by itself (${code}). Its log: ${stack[name].logFile}`);
      });
  } catch (error) {
    children.clear();
    unlock();
    throw error;
  }
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(error instanceof UsageError ? 2 : 1);
});
