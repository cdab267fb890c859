import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { calculateJwkThumbprint, importJWK, jwtVerify, SignJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  composeText,
  composeVariables,
  oursOf,
  readCompose,
  readEnvFile,
  repository,
  type ComposeFile,
} from './compose-file.ts';
import { composeCheck, itNeeds } from './tools.ts';
import { portVariables, variablesNeeded } from './variables.ts';

const makeSecrets = join(repository, 'deploy/compose/make-secrets');
let folder: string;
let secrets: Record<string, string>;
let file: ComposeFile;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'matapalo-secrets-'));
  execFileSync(makeSecrets, [folder], { encoding: 'utf8' });
  secrets = readEnvFile(join(folder, '.env'));
  file = readCompose(secrets);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('make-secrets', () => {
  it('gives every variable that docker-compose.yml requires, each another, none guessable', () => {
    for (const name of composeVariables().required) expect(secrets).toHaveProperty(name);
    const values = Object.values(secrets);
    expect(new Set(values).size).toBe(values.length);
    for (const value of values) expect(value).toMatch(/^[0-9a-f]{64}$/);
    expect(statSync(join(folder, '.env')).mode & 0o077).toBe(0);
  });

  it('makes a key that signs what its public half verifies', async () => {
    const keys = JSON.parse(readFileSync(join(folder, 'deploy/compose/secrets/jwt-keys.json'), 'utf8')) as {
      keys: { kty: string; crv: string; x: string; y: string; kid: string; alg: string }[];
    };
    const [jwk] = keys.keys;
    if (jwk === undefined) throw new Error('no key');
    const token = await new SignJWT({ sub: '1' })
      .setProtectedHeader({ alg: 'ES256', kid: jwk.kid })
      .sign(await importJWK(jwk, 'ES256'));
    const { kty, crv, x, y } = jwk;
    const verified = await jwtVerify(token, await importJWK({ kty, crv, x, y }, 'ES256'));
    expect(verified.payload.sub).toBe('1');
    expect(await calculateJwkThumbprint({ kty, crv, x, y })).toHaveLength(43);
  });

  it('keeps what is there', () => {
    execFileSync(makeSecrets, [folder], { encoding: 'utf8' });
    expect(readEnvFile(join(folder, '.env'))).toEqual(secrets);
  });

  it('writes where docker-compose.yml looks, and where version control does not', () => {
    expect(file.secrets['jwt-keys']?.file).toBe('deploy/compose/secrets/jwt-keys.json');
    const ignored = spawnSync('git', ['check-ignore', '.env', 'deploy/compose/secrets/jwt-keys.json'], {
      cwd: repository,
      encoding: 'utf8',
    });
    if (existsSync(join(repository, '.git'))) expect(ignored.stdout.trim().split('\n')).toHaveLength(2);
  });
});

describe('docker-compose.yml', () => {
  const check = itNeeds(composeCheck, 'compose-check is not built; `bash .ci/run` does with Go');

  check('is loaded by the reference implementation with every profile, and not without the secrets', () => {
    const path = join(repository, 'docker-compose.yml');
    const load = (env: Record<string, string>) =>
      spawnSync(composeCheck ?? '', [path], { encoding: 'utf8', env });
    const loaded = load(secrets);
    expect(loaded.stderr).toBe('');
    const project = JSON.parse(loaded.stdout) as {
      services: Record<string, { command?: string[]; environment?: Record<string, string> }>;
    };
    // Our own reading of the file, which the other tests rest on, is the same.
    expect(Object.keys(project.services).sort()).toEqual(Object.keys(file.services).sort());
    for (const [name, { command, environment }] of Object.entries(file.services)) {
      expect(project.services[name]?.command ?? undefined, name).toEqual(command?.map(String));
      const own = Object.entries(environment ?? {}).map(([key, value]) => [key, String(value)]);
      expect(project.services[name]?.environment ?? {}, name).toEqual(Object.fromEntries(own));
    }
    expect(load({}).status).not.toBe(0);
  });

  it('has no default for a secret', () => {
    expect(composeVariables().required.length).toBeGreaterThan(5);
    for (const name of composeVariables().optional.keys())
      expect(name).not.toMatch(/PASSWORD|SECRET|TOKEN|KEY/);
    // Every user:password of a URL comes from a variable.
    for (const [, password] of composeText().matchAll(/:\/\/[\w-]+:([^@\s]+)@/g))
      expect(password).toMatch(/^\$\{/);
    for (const [, value] of composeText().matchAll(
      /^ *(?:.*\{ )?\w*(?:(?<!CONNECT_)PASSWORD|SECRET)\w*: +'?([^'\s]+)/gm,
    ))
      expect(value).toMatch(/^\$\{\w+:\?/);
  });

  it('gives each process the variables that it needs, and proxies no password of a captured database', () => {
    const ours = oursOf(file);
    expect(ours.length).toBeGreaterThan(8);
    for (const [name, { command = [], environment = {} }] of ours) {
      for (const variable of variablesNeeded(command))
        // Needed only without, or only with, another.
        if (
          !(variable === 'PUBLIC_URL' && 'JWKS_URL' in environment) &&
          !(variable === 'TOOL_PASSWORD' && !('TOOL_ROLE' in environment))
        )
          expect(environment, name).toHaveProperty(variable);
      if (name.startsWith('proxy'))
        expect(Object.keys(environment).filter((key) => key.endsWith('_DB'))).toEqual([
          'MATAPALO_CONTROL_DB',
        ]);
    }
  });

  it('runs commands that exist', () => {
    for (const [name, { command = [] }] of oursOf(file)) {
      if (command[0] === 'node') expect(existsSync(join(repository, command[1] ?? '')), name).toBe(true);
      else expect(command.slice(0, 2), name).toEqual(['matapalo', 'run']);
    }
  });

  it('names each port alike where it is listened on, probed, published and called', () => {
    const listens = new Map<string, string[]>();
    for (const [name, { environment = {} }] of oursOf(file)) {
      listens.set(
        name,
        portVariables.filter((key) => key in environment).map((key) => String(environment[key])),
      );
    }
    for (const [name, service] of oursOf(file)) {
      const probe = service.healthcheck?.test.at(-1);
      if (probe !== undefined) expect(listens.get(name), name).toContain(new URL(probe).port);
      for (const published of service.ports ?? [])
        expect(listens.get(name)).toContain(published.split(':').at(-1));
      for (const [key, value] of Object.entries(service.environment ?? {})) {
        const [, host = '', port = ''] = /(?:\/\/|@)([\w-]+):(\d+)(?:\/|$)/.exec(String(value)) ?? [];
        if (host === '') continue;
        const target = file.services[host];
        expect(target, `${name}: ${key} names ${host}`).toBeDefined();
        if (target?.image.startsWith('postgres:')) expect(port).toBe('5432');
        else if (listens.has(host)) expect(listens.get(host), `${name}: ${key}`).toContain(port);
      }
    }
  });

  it('lets a process reach what its variables name, and databases only whom they must', () => {
    for (const [name, service] of oursOf(file)) {
      for (const value of Object.values(service.environment ?? {})) {
        const host = /@([\w-]+):5432/.exec(String(value))?.[1];
        if (host === undefined) continue;
        const shared = file.services[host]?.networks?.filter((net) => service.networks?.includes(net));
        expect(shared, `${name} to ${host}`).not.toEqual([]);
      }
    }
    for (const [name, { image, ports, networks = [] }] of Object.entries(file.services)) {
      if (!image.startsWith('postgres:')) continue;
      expect(ports, name).toBeUndefined();
      for (const network of networks) expect(file.networks[network]?.internal, name).toBe(true);
    }
  });

  it('waits for what must be there, probes what runs, limits everything', () => {
    for (const [name, service] of Object.entries(file.services)) {
      for (const [other, { condition }] of Object.entries(service.depends_on ?? {})) {
        const target = file.services[other];
        if (condition === 'service_healthy') expect(target?.healthcheck, `${name}: ${other}`).toBeDefined();
        else expect(target?.restart, `${name}: ${other}`).toMatch(/^on-failure/);
      }
      expect(service.deploy?.resources?.limits, name).toHaveProperty('memory');
      if (service.restart === 'unless-stopped') expect(service.healthcheck, name).toBeDefined();
    }
    for (const [name, { read_only, cap_drop }] of oursOf(file))
      expect([read_only, cap_drop], name).toEqual([true, ['ALL']]);
  });

  it('has a process behind each target that Prometheus scrapes, on a network that both share', () => {
    const config = readFileSync(join(repository, 'deploy/prometheus/prometheus.yml'), 'utf8');
    const targets = [...config.matchAll(/'([\w-]+):(\d+)'|names: \[([\w-]+)\].*port: (\d+)/g)];
    const remote = targets
      .map((match) => ({ host: match[1] ?? match[3] ?? '', port: match[2] ?? match[4] }))
      .filter(({ host }) => host !== 'localhost');
    expect(remote.length).toBeGreaterThan(4);
    for (const { host, port } of remote) {
      const target = file.services[host];
      const ports = portVariables.map((key) => String(target?.environment?.[key]));
      expect(ports, host).toContain(port);
      const shared = target?.networks?.filter((net) => file.services['prometheus']?.networks?.includes(net));
      expect(shared, host).not.toEqual([]);
    }
  });

  it('has an image reference with a version for everything', () => {
    for (const [name, { image }] of Object.entries(file.services)) expect(image, name).toMatch(/:v?\d/);
  });
});
