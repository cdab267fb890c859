import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeKey, type RingKey } from '#kernel/auth/rotate-ring.ts';
import { createLog } from '#kernel/log.ts';
import { startCluster, type Cluster } from '#stack/clusters.ts';
import { hashPassword } from '../../monolith/users/password.ts';
import { buildApp } from '../../services/users/app.ts';
import { seededAccounts } from './monolith-alone.ts';

export interface UsersAlone {
  baseUrl: string;
  cluster: Cluster;
  database: string;
  mailDir: string;
  keysFile: string;
  /** Another instance of the service, on the same database and keys. */
  another(): Promise<string>;
  stop(): Promise<void>;
}

/** Two keys: the first signs, the second is published to sign next. */
export async function writeRing(file: string): Promise<RingKey[]> {
  const keys = [await makeKey(0), await makeKey(0)];
  writeFileSync(file, JSON.stringify({ keys }));
  return keys;
}

/** The users service on a database of its own that knows the staff and one customer, all with hashes of the old form. */
export async function startUsersAlone({ standalone = true } = {}): Promise<UsersAlone> {
  const cluster = await startCluster();
  const databaseUrl = await cluster.createDatabase('users');
  const migrated = spawnSync(
    process.execPath,
    [join(import.meta.dirname, '../../services/users/migrate.ts')],
    { env: { ...process.env, DATABASE_URL: databaseUrl }, encoding: 'utf8' },
  );
  if (migrated.status !== 0) throw new Error(`The migrations failed:\n${migrated.stdout}${migrated.stderr}`);
  await cluster.query(await firstRows(), 'users');

  const folder = mkdtempSync(join(tmpdir(), 'users-'));
  const keysFile = join(folder, 'keys.json');
  const mailDir = join(folder, 'mail');
  await writeRing(keysFile);
  const closers: (() => Promise<unknown>)[] = [];
  const another = async () => {
    const app = await buildApp(
      {
        host: '127.0.0.1',
        port: 0,
        databaseUrl,
        publicUrl: 'http://127.0.0.1:9',
        jwksUrl: 'http://127.0.0.1:9/.well-known/jwks.json',
        issuer: 'matapalo-shop',
        keysFile,
        mailDir,
        trustedProxies: ['127.0.0.1'],
        poolSize: 10,
        standalone,
      },
      createLog('users', 'error'),
    );
    closers.push(() => app.close());
    return app.listen({ host: '127.0.0.1', port: 0 });
  };
  return {
    baseUrl: await another(),
    cluster,
    database: 'users',
    mailDir,
    keysFile,
    another,
    async stop() {
      for (const close of closers) await close();
      await cluster.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function firstRows(): Promise<string> {
  const password = await hashPassword('shop-password-1');
  const accounts = Object.entries(seededAccounts.accounts).map(
    ([role, account], index) =>
      `insert into accounts (id, given_name, email) values (${index + 1}, '${role}', '${'email' in account ? account.email : ''}');
       insert into credentials values (${index + 1}, '${password}');
       insert into account_roles values (${index + 1}, '${role}');`,
  );
  return `
    insert into roles (name, title) values ('customer', 'Customer'), ('agent', 'Support agent'),
      ('manager', 'Shop manager'), ('admin', 'Administrator');
    insert into role_permissions values ('customer', 'orders:own'), ('agent', 'tickets:work'), ('admin', 'tickets:work');
    ${accounts.join('\n')}
    alter sequence accounts_id_seq restart with 100;
    insert into clients values ('orders-service', sha256('${seededAccounts.client?.secret}'), 'introspect users:read');`;
}
