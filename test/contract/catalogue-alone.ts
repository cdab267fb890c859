import { createServer } from 'node:http';
import { spawnSync } from 'node:child_process';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { startCluster, type Cluster } from '#stack/clusters.ts';
import { createLog } from '#kernel/log.ts';
import { buildApp } from '../../services/catalogue/app.ts';

export interface CatalogueAlone {
  baseUrl: string;
  cluster: Cluster;
  database: string;
  /** A token of that role, as the shop's issuer would sign it. */
  token(role: string, subject?: string): Promise<string>;
  stop(): Promise<void>;
}

/** The catalogue service on an empty database of its own, with a key set served as an issuer would. */
export async function startCatalogueAlone({ standalone = true } = {}): Promise<CatalogueAlone> {
  const cluster = await startCluster();
  const databaseUrl = await cluster.createDatabase('catalogue');
  const migrated = spawnSync(
    process.execPath,
    [join(import.meta.dirname, '../../services/catalogue/migrate.ts')],
    { env: { ...process.env, DATABASE_URL: databaseUrl }, encoding: 'utf8' },
  );
  if (migrated.status !== 0) throw new Error(`The migrations failed:\n${migrated.stdout}${migrated.stderr}`);

  const { publicKey, privateKey } = await generateKeyPair('ES256');
  const jwk = { ...(await exportJWK(publicKey)), kid: 'test', alg: 'ES256', use: 'sig' };
  const issuer = createServer((_request, response) => {
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ keys: [jwk] }));
  });
  await new Promise<void>((resolve) => issuer.listen(0, '127.0.0.1', resolve));
  const { port } = issuer.address() as AddressInfo;

  const app = await buildApp(
    {
      host: '127.0.0.1',
      port: 0,
      databaseUrl,
      jwksUrl: `http://127.0.0.1:${port}/`,
      issuer: 'matapalo-shop',
      poolSize: 20,
      standalone,
    },
    createLog('catalogue', 'error'),
  );
  const baseUrl = await app.listen({ host: '127.0.0.1', port: 0 });
  return {
    baseUrl,
    cluster,
    database: 'catalogue',
    token: (role, subject = '1') =>
      new SignJWT({ roles: [role], scope: 'shop' })
        .setProtectedHeader({ alg: 'ES256', kid: 'test', typ: 'at+jwt' })
        .setIssuer('matapalo-shop')
        .setAudience('shop')
        .setSubject(subject)
        .setIssuedAt()
        .setExpirationTime('15m')
        .sign(privateKey),
    async stop() {
      await app.close();
      issuer.closeAllConnections();
      await new Promise((resolve) => issuer.close(resolve));
      await cluster.stop();
    },
  };
}
