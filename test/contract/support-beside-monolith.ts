import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import pg from 'pg';
import { createLog } from '#kernel/log.ts';
import { startCluster, type Cluster } from '#stack/clusters.ts';
import { articles } from '../../monolith/seed/articles.ts';
import { buildApp } from '../../services/support/app.ts';
import type { SupportConfig } from '../../services/support/config.ts';
import { startFront, type Front, type Passing } from './front.ts';
import { seededAccounts, startMonolithAlone, type MonolithAlone } from './monolith-alone.ts';

export interface SupportBesideMonolith {
  /** The shop's address: support is answered by the service, all else by the monolith. */
  front: Front;
  /** The service's own address, where it was started here. */
  serviceUrl: string;
  monolith: MonolithAlone;
  cluster: Cluster;
  database: string;
  config: SupportConfig;
  /** Where support answers, for one that the caller has started from `config`. */
  serveAt(url: string): void;
  stop(): Promise<void>;
}

export interface BesideOptions {
  /** Starts the service in this process; else it is the caller's to start one. */
  start?: boolean;
  standalone?: boolean;
  watch?: (passing: Passing) => Promise<void> | void;
}

export const eventsSecret = 'events-secret-of-tests';
const isSupport = (path: string) => /^\/(tickets|returns|support)(\/|\?|$)/.test(path);

/** The support service on a database with the articles only, with a monolith that has the users, the orders and the catalogue. */
export async function startSupportBesideMonolith({
  start = true,
  standalone = true,
  watch,
}: BesideOptions = {}): Promise<SupportBesideMonolith> {
  const [cluster, monolith] = await Promise.all([startCluster(), startMonolithAlone()]);
  const databaseUrl = await cluster.createDatabase('support');
  const script = join(import.meta.dirname, '../../services/support/migrate.ts');
  const env = { ...process.env, DATABASE_URL: databaseUrl };
  const migrated = spawnSync(process.execPath, [script], { env, encoding: 'utf8' });
  if (migrated.status !== 0) throw new Error(`The migrations failed:\n${migrated.stdout}${migrated.stderr}`);
  await fillArticles(databaseUrl);
  let supportUrl = '';
  const front = await startFront((path) => (isSupport(path) ? supportUrl : monolith.baseUrl), watch);
  const config: SupportConfig = {
    host: '127.0.0.1',
    port: 0,
    databaseUrl,
    publicUrl: front.url,
    jwksUrl: `${front.url}/.well-known/jwks.json`,
    issuer: 'matapalo-shop',
    clientId: 'support-service',
    clientSecret: seededAccounts.client?.secret ?? '',
    neighbourPatienceMs: 1_000,
    eventsSecret,
    stalledMs: 500,
    poolSize: 10,
    standalone,
  };
  const app = start ? await buildApp(config, createLog('support', 'error')) : undefined;
  if (app !== undefined) supportUrl = await app.listen({ host: '127.0.0.1', port: 0 });
  return {
    front,
    serviceUrl: supportUrl,
    monolith,
    cluster,
    database: 'support',
    config,
    serveAt(url) {
      supportUrl = url;
    },
    async stop() {
      await app?.close();
      await front.stop();
      await monolith.stop();
      await cluster.stop();
    },
  };
}

async function fillArticles(databaseUrl: string): Promise<void> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  for (const { code, language, title, body, keywords } of articles) {
    await client.query(
      'insert into articles (code, language, title, body, keywords) values ($1, $2, $3, $4, $5)',
      [code, language, title, body, keywords],
    );
  }
  await client.end();
}
