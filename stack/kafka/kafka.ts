import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { ConnectRest } from '#cdc/connect/rest.ts';
import type { DebeziumConfig, SaslMechanism } from '#plan/debezium-config.ts';
import { freePort } from '../clusters.ts';
import { startProcess, type ProcessSpec, type StackProcess } from '../processes.ts';
import { prepareBroker, type Secured } from './broker.ts';
import { prepareConnect } from './connect-worker.ts';
import { ensureJars } from './jars.ts';
import { ensureKeys } from './keys.ts';

export interface KafkaOptions {
  /** Data, settings and logs, kept between starts; a temporary folder, removed on stop, when absent. */
  dataDir?: string;
  /** Port of the broker; a free one for 0 or when absent. */
  port?: number;
  /** Port of Connect's REST interface. */
  connectPort?: number;
  /** TLS and a password for Kafka (SASL) and for Connect (basic). */
  security?: { mechanism: SaslMechanism };
  /** Variables of Connect's worker, for connectors that name them: `${env:NAME}`. */
  connectEnv?: Record<string, string>;
  onStep?: (step: string) => void;
  /** Told of every process, so that a supervisor can end it after a crash of its own. */
  onProcess?: (pid: number, mainClass: string) => void;
}

/** One of the two processes: ended and started again on the same data and port. */
export interface JavaServer {
  readonly pid: number;
  readonly logFile: string;
  /** Resolves when the present process has ended. */
  readonly exit: Promise<number | NodeJS.Signals>;
  signal(signal: NodeJS.Signals): void;
  /** SIGKILL; resolves when it is gone. */
  kill(): Promise<void>;
  stop(): Promise<void>;
  /** Resolves when it is healthy. */
  start(): Promise<void>;
}

/** A real Kafka (KRaft, one node) and a worker of Kafka Connect with Debezium's PostgreSQL connector. */
export interface KafkaStack {
  /** For `debezium` of the configuration: addresses and, with `security`, credentials. */
  config: DebeziumConfig;
  kafka: JavaServer;
  connect: JavaServer;
  dataDir: string;
  stop(): Promise<void>;
}

export const mainClasses = {
  kafka: 'kafka.Kafka',
  connect: 'org.apache.kafka.connect.cli.ConnectDistributed',
} as const;

const startTimeoutMs = 120_000;

export async function startKafka(options: KafkaOptions = {}): Promise<KafkaStack> {
  const step = options.onStep ?? (() => undefined);
  const jars = await ensureJars(step);
  const temporary = options.dataDir === undefined;
  const folder = resolve(options.dataDir ?? mkdtempSync(join(tmpdir(), 'matapalo-kafka-')));
  mkdirSync(join(folder, 'secrets'), { recursive: true });
  const ports = await choosePorts(folder, options);
  const secured = options.security && secure(folder, options.security.mechanism);
  const logging = loggingConfig(folder);
  const broker = `127.0.0.1:${ports.client}`;
  const config: DebeziumConfig = {
    kafka: { brokers: [broker], ...(secured ? clientSecurity(secured) : {}) },
    connect: {
      url: `${secured ? 'https' : 'http'}://127.0.0.1:${ports.connect}`,
      ...(secured
        ? { username: secured.username, password: secured.password, caFile: secured.keys.caFile }
        : {}),
    },
  };
  const java = (name: 'kafka' | 'connect', javaOptions: string[], configFile: string): ProcessSpec => ({
    name,
    command: 'java',
    entry: mainClasses[name],
    args: [
      ...['-Xms128m', '-Xmx512m', '-XX:+UseSerialGC', '-XX:+ExitOnOutOfMemoryError'],
      // Its own files belong to this stack alone.
      ...[`-Dlog4j2.configurationFile=${logging}`, ...javaOptions],
      ...['-cp', jars.classPath, mainClasses[name], configFile],
    ],
    logFile: join(folder, 'log', `${name}.log`),
    readyTimeoutMs: startTimeoutMs,
  });

  step('Kafka (KRaft, one node)');
  const brokerFiles = prepareBroker(folder, jars.classPath, ports, secured);
  const kafka = javaServer(
    { ...java('kafka', [], brokerFiles.config), probe: () => accepts(ports.client) },
    options,
  );
  const rest = new ConnectRest(config.connect);
  const worker = prepareConnect(folder, { broker, port: ports.connect, plugins: jars.plugins }, secured);
  const connectServer = javaServer(
    {
      ...java('connect', worker.javaOptions, worker.config),
      env: options.connectEnv ?? {},
      probe: () => rest.healthy(),
    },
    options,
  );
  const stop = async () => {
    // Connect first: without its broker it would wait.
    await connectServer.stop();
    await kafka.stop();
    await rest.close();
    if (temporary) rmSync(folder, { recursive: true, force: true });
  };
  try {
    await kafka.start();
    step('Kafka Connect with Debezium');
    await connectServer.start();
  } catch (error) {
    await stop();
    throw error;
  }
  return { config, kafka, connect: connectServer, dataDir: folder, stop };
}

function javaServer(spec: ProcessSpec, { onProcess }: KafkaOptions): JavaServer {
  let running: StackProcess | undefined;
  const present = () => {
    if (running === undefined) throw new Error(`${spec.name} has not been started.`);
    return running;
  };
  return {
    get pid() {
      return present().pid;
    },
    logFile: spec.logFile,
    get exit() {
      return present().exit;
    },
    signal: (signal) => present().signal(signal),
    kill: () => present().kill(),
    async stop() {
      await running?.stop(30_000);
    },
    async start() {
      if (running !== undefined && !running.exited) throw new Error(`${spec.name} is running.`);
      running = startProcess(spec);
      onProcess?.(running.pid, spec.entry);
      await running.ready();
    },
  };
}

async function accepts(port: number): Promise<boolean> {
  return new Promise((done) => {
    const socket = connect(port, '127.0.0.1');
    const end = (open: boolean) => {
      socket.destroy();
      done(open);
    };
    socket.once('connect', () => end(true));
    socket.once('error', () => end(false));
  });
}

interface Ports {
  client: number;
  controller: number;
  connect: number;
}

/** Kept between starts, so that addresses stay the same; one that was not asked for is replaced where it is taken. */
async function choosePorts(folder: string, options: KafkaOptions): Promise<Ports> {
  const file = join(folder, 'ports.json');
  const known = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Partial<Ports>) : {};
  const ports: Ports = {
    client: options.port || (await freePort(known.client)),
    controller: await freePort(known.controller),
    connect: options.connectPort || (await freePort(known.connect)),
  };
  writeFileSync(file, `${JSON.stringify(ports, null, 2)}\n`);
  return ports;
}

/** A user with a random password, kept in the folder. */
function secure(folder: string, mechanism: SaslMechanism): Secured {
  const file = join(folder, 'password');
  if (!existsSync(file)) writeFileSync(file, randomBytes(18).toString('hex'), { mode: 0o600 });
  const password = readFileSync(file, 'utf8').trim();
  return { mechanism, username: 'matapalo', password, keys: ensureKeys(folder, password) };
}

function clientSecurity({ mechanism, username, password, keys }: Secured) {
  return { sasl: { mechanism, username, password }, tls: { caFile: keys.caFile } };
}

function loggingConfig(folder: string): string {
  const file = join(folder, 'log4j2.properties');
  writeFileSync(
    file,
    `status=error
appender.out.type=Console
appender.out.name=out
appender.out.layout.type=PatternLayout
appender.out.layout.pattern=%d{ISO8601} %-5p %c{1} %m%n%throwable{8}
rootLogger.level=warn
rootLogger.appenderRef.out.ref=out
logger.debezium.name=io.debezium
logger.debezium.level=info
logger.config.name=org.apache.kafka.common.config
logger.config.level=error
`,
  );
  return file;
}
