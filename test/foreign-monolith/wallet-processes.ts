import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { freePort, startCluster, type Cluster } from '#stack/clusters.ts';
import { startProcess, type ProcessSpec, type StackProcess } from '#stack/processes.ts';
import { createRole, ensureDatabase, grantTool } from '#stack/roles.ts';
import { runSql } from './run-sql.ts';

const here = import.meta.dirname;
const walletCount = 40;
const startCents = 100_000;

export interface WalletStackOptions {
  proxies?: number;
  operators?: number;
  workers?: number;
}

/** The foreign monolith, its service and the tool's processes, all real, on three clusters of their own. */
export class WalletProcesses {
  readonly wallets: string[] = [];
  readonly start = new Map<string, number>();
  proxyUrls: string[] = [];
  operatorUrls: string[] = [];
  legacyUrl = '';
  serviceUrl = '';
  controlUrl = '';
  clusters: Cluster[] = [];
  readonly #dir = mkdtempSync(join(tmpdir(), 'matapalo-wallets-'));
  readonly #specs = new Map<string, ProcessSpec>();
  readonly #processes = new Map<string, StackProcess>();
  readonly #options: Required<WalletStackOptions>;

  constructor(options: WalletStackOptions = {}) {
    this.#options = { proxies: 2, operators: 1, workers: 1, ...options };
  }

  async up(): Promise<void> {
    const [legacy, service, control] = await Promise.all([startCluster(), startCluster(), startCluster()]);
    this.clusters = [legacy, service, control];
    await Promise.all([
      createRole(legacy, 'wallet_app'),
      createRole(service, 'accounts_app'),
      createRole(control, 'matapalo'),
    ]);
    await Promise.all([
      ensureDatabase(legacy, 'wallets', 'wallet_app'),
      ensureDatabase(service, 'accounts', 'accounts_app'),
      ensureDatabase(control, 'matapalo', 'matapalo'),
    ]);
    const toolLegacy = await grantTool(legacy, 'wallets', { app: 'wallet_app', tool: 'matapalo' });
    const toolService = await grantTool(service, 'accounts', { app: 'accounts_app', tool: 'matapalo' });
    this.legacyUrl = legacy.url('wallets');
    this.serviceUrl = service.url('accounts');
    this.controlUrl = control.url('matapalo');
    await runSql(legacy.url('wallets', 'wallet_app'), readFileSync(join(here, 'legacy.sql'), 'utf8'));
    await runSql(service.url('accounts', 'accounts_app'), readFileSync(join(here, 'service.sql'), 'utf8'));
    const seeded = await runSql(
      legacy.url('wallets', 'wallet_app'),
      `insert into wallets (id, owner_name, balance_cents)
         select gen_random_uuid(), 'Owner ' || n, ${startCents} from generate_series(1, ${walletCount}) n returning id`,
    );
    for (const { id } of seeded.rows as { id: string }[]) {
      this.wallets.push(id);
      this.start.set(id, startCents);
    }
    const [monolithPort, servicePort] = [await freePort(), await freePort()];
    const env: Record<string, string> = {
      LOG_LEVEL: 'info',
      HOST: '127.0.0.1',
      MATAPALO_CONFIG: join(here, 'strangler.config.ts'),
      MATAPALO_TOKEN_FILE: join(this.#dir, 'token'),
      FOREIGN_CONTROL_DB: this.controlUrl,
      FOREIGN_MONOLITH_URL: `http://127.0.0.1:${monolithPort}`,
      FOREIGN_LEGACY_DB: toolLegacy,
      FOREIGN_SERVICE_URL: `http://127.0.0.1:${servicePort}`,
      FOREIGN_SERVICE_DB: toolService,
    };
    // The spawner takes the working directory's entries; loadPlan in this process needs the same variables.
    Object.assign(process.env, env);
    this.#spec(
      'monolith',
      join(here, 'monolith.ts'),
      { ...env, PORT: String(monolithPort), DATABASE_URL: legacy.url('wallets', 'wallet_app') },
      `${env['FOREIGN_MONOLITH_URL']}/readyz`,
    );
    this.#spec(
      'service',
      join(here, 'service.ts'),
      { ...env, PORT: String(servicePort), DATABASE_URL: service.url('accounts', 'accounts_app') },
      `${env['FOREIGN_SERVICE_URL']}/readyz`,
    );
    for (let n = 1; n <= this.#options.operators; n++) {
      const port = await freePort();
      this.operatorUrls.push(`http://127.0.0.1:${port}`);
      this.#spec(
        `operator-${n}`,
        resolve('control/operator/main.ts'),
        { ...env, PORT: String(port) },
        `http://127.0.0.1:${port}/livez`,
      );
    }
    for (let n = 1; n <= this.#options.workers; n++) {
      const port = await freePort();
      this.#spec(
        `cdc-${n}`,
        resolve('cdc/main.ts'),
        { ...env, CDC_PORT: String(port) },
        `http://127.0.0.1:${port}/livez`,
      );
    }
    for (let n = 1; n <= this.#options.proxies; n++) {
      const [port, admin] = [await freePort(), await freePort()];
      this.proxyUrls.push(`http://127.0.0.1:${port}`);
      this.#spec(
        `proxy-${n}`,
        resolve('strangler-proxy/main.ts'),
        { ...env, PORT: String(port), ADMIN_PORT: String(admin) },
        `http://127.0.0.1:${admin}/readyz`,
      );
    }
    // One operator first: the first start makes the token.
    await this.spawn('operator-1');
    await Promise.all(
      [...this.#specs.keys()].filter((name) => name !== 'operator-1').map((name) => this.spawn(name)),
    );
  }

  #spec(name: string, entry: string, env: Record<string, string>, readyUrl: string): void {
    this.#specs.set(name, { name, entry, env, readyUrl, logFile: join(this.#dir, `${name}.log`) });
  }

  /** Starts a process (again), with more environment when given, e.g. a fault to inject. */
  async spawn(name: string, env: Record<string, string> = {}): Promise<StackProcess> {
    const spec = this.#specs.get(name);
    if (spec === undefined) throw new Error(`no process ${name}`);
    const started = startProcess({ ...spec, env: { ...spec.env, ...env } });
    this.#processes.set(name, started);
    await started.ready();
    return started;
  }

  process(name: string): StackProcess {
    const found = this.#processes.get(name);
    if (found === undefined) throw new Error(`no process ${name}`);
    return found;
  }

  get names(): string[] {
    return [...this.#specs.keys()];
  }

  get token(): string {
    return readFileSync(join(this.#dir, 'token'), 'utf8').trim();
  }

  log(name: string): string {
    return readFileSync(join(this.#dir, `${name}.log`), 'utf8');
  }

  async down(): Promise<void> {
    await Promise.all(
      [...this.#processes.values()].map((started) => (started.signal('SIGCONT'), started.stop(5_000))),
    );
    await Promise.all(this.clusters.map((cluster) => cluster.stop()));
    rmSync(this.#dir, { recursive: true, force: true });
  }
}
