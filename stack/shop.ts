import { chmodSync, readFileSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { freePort, startCluster, type Cluster } from './clusters.ts';
import { transportToEnv } from '#plan/debezium-config.ts';
import { ChildRegister, lockDataDir, makeDataDir } from './data-dir.ts';
import { startKafka, type KafkaStack } from './kafka/kafka.ts';
import { choosePorts } from './ports.ts';
import type { Profile } from './profile.ts';
import { startProcess, tailOf, type ProcessSpec, type StackProcess } from './processes.ts';
import { createRole, ensureDatabase, grantTool } from './roles.ts';
import { derivedSecret, ensureSecrets } from './secrets.ts';
import { clientEnv, serviceEnv, type ServiceName } from './services.ts';

export interface ShopOptions {
  /** Databases, keys and logs; kept between starts. */
  dataDir: string;
  /** Removes what is there first. */
  fresh?: boolean;
  /** Port of the clients' URL; a free one for 0. */
  port?: number;
  operatorPort?: number;
  /** Proxies to run; the first has the clients' URL. Default 1. */
  proxies?: number;
  /** Services to run beside the monolith, and so the groups that may move. Default: the catalogue. */
  services?: readonly ServiceName[];
  /** Size of the sample data; 1 is 20,000 users, 10,000 products, 100,000 orders. */
  scale?: number;
  /** Default `embedded`; `debezium` starts Kafka and Connect, and needs Java. */
  profile?: Profile;
  /** Crash safety of the machine, not of processes; on for `npm start`. */
  fsync?: boolean;
  onStep?: (step: string) => void;
  env?: Record<string, string>;
}

/** The sample shop with the tool around it: real servers and processes, by name. */
export interface Shop {
  url: string;
  proxyUrls: readonly string[];
  operatorUrl: string;
  /** An operator's token for the API and the CLI. */
  token: string;
  dataDir: string;
  clusters: { legacy: Cluster; services: Cluster; control: Cluster };
  databases: { legacy: string; control: string } & Record<ServiceName, string>;
  processes: Map<string, StackProcess>;
  /** With the profile `debezium`. */
  kafka: KafkaStack | undefined;
  /** Where each process answers `/readyz` and `/metrics`. */
  origins: ReadonlyMap<string, string>;
  /** Starts a process again with the same arguments, after it was killed. */
  respawn(name: string): Promise<StackProcess>;
  stop(): Promise<void>;
}

export async function startShop(options: ShopOptions): Promise<Shop> {
  const dataDir = resolve(options.dataDir);
  const step = options.onStep ?? (() => undefined);
  if (options.fresh) rmSync(dataDir, { recursive: true, force: true });
  makeDataDir(dataDir);
  // As root, PostgreSQL runs under another account, which has to pass through. Secrets have modes of their own.
  if (process.getuid?.() === 0) chmodSync(dataDir, 0o711);
  const unlock = lockDataDir(dataDir);
  const children = new ChildRegister(dataDir);
  const leftovers = children.endLeftovers();
  if (leftovers.length > 0) step(`Ended what an earlier start left running: ${leftovers.join(', ')}`);
  const closers: (() => Promise<unknown>)[] = [async () => unlock(), async () => children.clear()];
  const stop = async () => {
    for (const close of closers.splice(0).reverse()) await close();
  };
  try {
    const names = options.services ?? ['catalogue'];
    const ports = await choosePorts(dataDir, names, options);
    const secrets = await ensureSecrets(dataDir);

    step('PostgreSQL: three clusters (legacy, services, control)');
    const cluster = async (name: string, port: number) => {
      const started = await startCluster({
        dataDir: join(dataDir, 'postgres', name),
        port,
        fsync: options.fsync ?? false,
      });
      closers.push(() => started.stop());
      return started;
    };
    const [legacy, services, control] = await Promise.all([
      cluster('legacy', ports.legacyDb),
      cluster('services', ports.servicesDb),
      cluster('control', ports.controlDb),
    ]);

    // Beside the schemas: Java takes its time to start.
    const starting =
      options.profile === 'debezium'
        ? startKafka({
            dataDir: join(dataDir, 'kafka'),
            onStep: step,
            onProcess: (pid, mainClass) => children.add(pid, mainClass),
          })
        : undefined;
    // Whatever fails first is told; this one too when it is waited for.
    starting?.catch(() => undefined);
    closers.push(async () => (await starting?.catch(() => undefined))?.stop());

    step('Roles and databases');
    await Promise.all([
      createRole(legacy, 'shop'),
      createRole(control, 'matapalo'),
      ...names.map((name) => createRole(services, name)),
    ]);
    const [shopUrl, controlUrl] = await Promise.all([
      ensureDatabase(legacy, 'shop', 'shop'),
      ensureDatabase(control, 'matapalo', 'matapalo'),
      ...names.map((name) => ensureDatabase(services, name, name)),
    ]);
    const toolLegacy = await grantTool(legacy, 'shop', { app: 'shop', tool: 'matapalo' });
    for (const name of names) await grantTool(services, name, { app: name, tool: 'matapalo' });

    const url = `http://127.0.0.1:${ports.proxy}`;
    const operatorUrl = `http://127.0.0.1:${ports.operator}`;
    const tokenFile = join(dataDir, 'token');
    // Where the orders may move, both sides have to ask the same provider; else the monolith makes charges up.
    const withPayments = names.includes('orders');
    const paymentsUrl = `http://127.0.0.1:${ports.payments}`;
    const paymentsEnv = {
      PAYMENTS_URL: paymentsUrl,
      PAYMENTS_KEY: derivedSecret(secrets.secret, 'payments'),
      WEBHOOK_SECRET: derivedSecret(secrets.secret, 'webhooks'),
    };
    const env: Record<string, string> = {
      LOG_LEVEL: process.env['LOG_LEVEL'] ?? 'info',
      HOST: '127.0.0.1',
      PUBLIC_URL: url,
      JWKS_URL: `${url}/.well-known/jwks.json`,
      JWT_ISSUER: 'matapalo-shop',
      JWT_KEYS_FILE: secrets.keysFile,
      // The proxies here are ours: what they say of clients' addresses is true.
      TRUSTED_PROXIES: '127.0.0.1',
      MAIL_DIR: join(dataDir, 'mail'),
      CART_SECRET: derivedSecret(secrets.secret, 'carts'),
      EVENTS_SECRET: derivedSecret(secrets.secret, 'events'),
      ...(withPayments ? paymentsEnv : {}),
      MATAPALO_CONFIG: resolve('strangler.config.ts'),
      MATAPALO_CONTROL_DB: controlUrl,
      MATAPALO_SECRET: secrets.secret,
      MATAPALO_TOKEN_FILE: tokenFile,
      MATAPALO_URL: operatorUrl,
      MONOLITH_URL: `http://127.0.0.1:${ports.monolith}`,
      MONOLITH_DB: toolLegacy,
      ...serviceEnv(names, ports.services, (name) => services.url(name, 'matapalo')),
      ...options.env,
    };
    const log = (name: string) => join(dataDir, 'log', `${name}.log`);

    step('Schemas and sample data');
    await Promise.all([
      runOnce({
        name: 'monolith-migrate',
        entry: 'monolith/migrate.ts',
        args: ['--seed', '--scale', String(options.scale ?? 1)],
        env: { ...env, DATABASE_URL: shopUrl },
        logFile: log('monolith-migrate'),
      }),
      ...names.map((name) =>
        runOnce({
          name: `${name}-migrate`,
          entry: `services/${name}/migrate.ts`,
          env: { ...env, DATABASE_URL: services.url(name, name) },
          logFile: log(`${name}-migrate`),
        }),
      ),
    ]);

    const kafka = await starting;
    if (kafka !== undefined) Object.assign(env, transportToEnv(kafka.config));

    const paymentsSpec: ProcessSpec = {
      name: 'payments',
      entry: 'stack/payments/main.ts',
      env: {
        ...env,
        PORT: String(ports.payments),
        WEBHOOK_URL: `${url}/payments/webhooks`,
        PAYMENTS_FILE: join(dataDir, 'payments.jsonl'),
      },
      logFile: log('payments'),
      readyUrl: `${paymentsUrl}/readyz`,
    };
    const specs: ProcessSpec[] = [
      ...(withPayments ? [paymentsSpec] : []),
      {
        name: 'monolith',
        entry: 'monolith/main.ts',
        env: { ...env, PORT: String(ports.monolith), DATABASE_URL: shopUrl },
        logFile: log('monolith'),
        readyUrl: `${env['MONOLITH_URL']}/readyz`,
      },
      ...names.map((name) => ({
        name,
        entry: `services/${name}/main.ts`,
        env: {
          ...env,
          ...clientEnv(name),
          PORT: String(ports.services[name]),
          DATABASE_URL: services.url(name, name),
        },
        logFile: log(name),
        readyUrl: `http://127.0.0.1:${ports.services[name]}/readyz`,
      })),
      {
        name: 'operator',
        entry: 'control/operator/main.ts',
        env: { ...env, PORT: String(ports.operator) },
        logFile: log('operator'),
        readyUrl: `${operatorUrl}/readyz`,
      },
      {
        name: 'cdc',
        entry: 'cdc/main.ts',
        env: { ...env, CDC_PORT: String(ports.cdc) },
        logFile: log('cdc'),
        readyUrl: `http://127.0.0.1:${ports.cdc}/readyz`,
      },
    ];
    const proxyUrls: string[] = [];
    for (let number = 0; number < (options.proxies ?? 1); number++) {
      const port = number === 0 ? ports.proxy : await freePort();
      const admin = await freePort();
      const name = number === 0 ? 'proxy' : `proxy-${number + 1}`;
      proxyUrls.push(`http://127.0.0.1:${port}`);
      specs.push({
        name,
        entry: 'strangler-proxy/main.ts',
        env: { ...env, PORT: String(port), ADMIN_PORT: String(admin) },
        logFile: log(name),
        readyUrl: `http://127.0.0.1:${admin}/readyz`,
      });
    }
    const processes = new Map<string, StackProcess>();
    const spawnSpec = (spec: ProcessSpec) => {
      const started = startProcess(spec);
      children.add(started.pid, spec.entry);
      processes.set(spec.name, started);
      return started;
    };
    step(`Processes: ${specs.map((spec) => spec.name).join(', ')}`);
    for (const spec of specs) {
      spawnSpec(spec);
      closers.push(async () => processes.get(spec.name)?.stop());
    }
    await Promise.all([...processes.values()].map((started) => started.ready()));
    return {
      url,
      proxyUrls,
      operatorUrl,
      token: readFileSync(tokenFile, 'utf8').trim(),
      dataDir,
      clusters: { legacy, services, control },
      databases: {
        legacy: legacy.url('shop'),
        control: control.url('matapalo'),
        users: services.url('users'),
        catalogue: services.url('catalogue'),
        orders: services.url('orders'),
        support: services.url('support'),
      },
      processes,
      kafka,
      origins: new Map(specs.map(({ name, readyUrl = '' }) => [name, new URL(readyUrl).origin])),
      async respawn(name) {
        const spec = specs.find((candidate) => candidate.name === name);
        if (spec === undefined) throw new Error(`There is no process ${name}.`);
        const started = spawnSpec(spec);
        await started.ready();
        return started;
      },
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function runOnce(spec: ProcessSpec): Promise<void> {
  const started = startProcess(spec);
  const code = await started.exit;
  if (code !== 0) {
    throw new Error(`${spec.name} failed (${code}).\n${tailOf(spec.logFile)}`);
  }
}
