import { Validator } from '@seriousme/openapi-schema-validator';
import { describe, expect, it } from 'vitest';
import { statSync, readFileSync } from 'node:fs';
import { readOwnership } from '#guard/ownership.ts';
import { phaseOf, placeGroup, tokenFile } from '../operator-fixture.ts';
import { startOperator } from '../start-operator.ts';
import { quietLog } from '#test/two-sides.ts';
import { createToken } from './tokens.ts';

import { operatorApi } from './api-fixture.ts';

const api = operatorApi();

describe('who may call', () => {
  it('the first start makes one api.operator api.token, readable by its owner only, and keeps its hash alone', async () => {
    expect(readFileSync(tokenFile(), 'utf8').trim()).toBe(api.token);
    expect(statSync(tokenFile()).mode & 0o777).toBe(0o600);
    const { rows } = await api.pair.controlPool.query('select * from api_token');
    expect(rows).toHaveLength(1);
    expect(JSON.stringify(rows)).not.toContain(api.token);
    const second = await startOperator({ plan: api.pair.plan, port: 0, log: quietLog });
    expect(second.firstToken).toBeUndefined();
    await second.stop();
  });

  it.each([
    ['no token', ''],
    ['a wrong one', 'mtp_wrongwrongwrongwrong'],
    ['an injection', `mtp_' or true --aaaaaaaaaaaa`],
  ])('%s: 401, and nothing changes', async (_name, as) => {
    for (const [path, method] of [
      ['/api/status', 'GET'],
      [`/api/groups/${api.group()}/sync`, 'POST'],
    ] as const) {
      const answer = await api.ask(path, { method, as });
      expect(answer.status).toBe(401);
      expect(answer.type).toContain('application/problem+json');
    }
    expect(await phaseOf(api.pair)).toBe('legacy');
  });

  it('a viewer sees everything and changes nothing: 403, audited', async () => {
    const viewer = await createToken(api.pair.controlPool, 'dba', 'viewer');
    expect((await api.ask('/api/status', { as: viewer })).status).toBe(200);
    for (const path of [`/api/groups/${api.group()}/sync`, '/api/uninstall', '/api/tokens']) {
      expect((await api.ask(path, { as: viewer, method: 'POST' })).status).toBe(403);
    }
    expect(await phaseOf(api.pair)).toBe('legacy');
    expect(await api.audits()).toContainEqual(expect.objectContaining({ who: 'dba', outcome: 'forbidden' }));
  });

  it('a page of another site is refused, whatever api.token it has', async () => {
    for (const origin of ['http://evil.example', 'null']) {
      const answer = await api.ask(`/api/groups/${api.group()}/sync`, {
        method: 'POST',
        headers: { origin },
      });
      expect(answer.status).toBe(403);
    }
    expect(await phaseOf(api.pair)).toBe('legacy');
    expect(
      (await api.ask('/api/status', { headers: { origin: new URL(api.operator.url).origin } })).status,
    ).toBe(200);
  });

  it('tokens are made, used and revoked', async () => {
    const made = await api.ask('/api/tokens', { method: 'POST', body: { name: 'ci', role: 'operator' } });
    expect(made.status).toBe(201);
    expect((await api.ask('/api/status', { as: made.body.token })).status).toBe(200);
    expect(
      (await api.ask('/api/tokens', { method: 'POST', body: { name: 'ci', role: 'viewer' } })).status,
    ).toBe(409);
    expect((await api.ask('/api/tokens/first', { method: 'DELETE' })).status).toBe(409);
    expect((await api.ask('/api/tokens/ci', { method: 'DELETE' })).status).toBe(200);
    expect((await api.ask('/api/status', { as: made.body.token })).status).toBe(401);
  });
});

describe('what is asked', () => {
  it('serves a valid OpenAPI document of every route', async () => {
    const document = (await api.ask('/openapi.json', { as: '' })).body;
    const result = await new Validator().validate(document);
    expect(result.errors).toBeUndefined();
    expect(result.valid).toBe(true);
    expect(Object.keys(document.paths)).toContain('/api/groups/{group}/switch');
  });

  it.each([
    ['an unknown group', 'POST', '/api/groups/nope/sync', undefined, 404],
    ['an unknown verb', 'POST', '/api/groups/x/force', undefined, 404],
    ['an unknown query', 'POST', '/api/groups/x/sync?force=true', undefined, 400],
    ['a percentage of 0', 'POST', '/api/groups/x/canary', { percent: 0 }, 400],
    ['a percentage of 101', 'POST', '/api/groups/x/canary', { percent: 101 }, 400],
    ['an unknown field', 'POST', '/api/groups/x/canary', { percent: 5, force: true }, 400],
    ['broken JSON', 'POST', '/api/groups/x/canary', '{', 400],
    ['a transition that is not', 'GET', '/api/transitions/1; drop table audit', undefined, 404],
    ['a job that is not', 'GET', '/api/jobs/nope', undefined, 404],
    ['a limit of text', 'GET', '/api/history?limit=many', undefined, 400],
  ])('%s is refused as a problem', async (_name, method, path, body, status) => {
    const answer = await api.ask(path.replace('/x/', `/${api.group()}/`), { method, body });
    expect(answer.status).toBe(status);
    expect(answer.type).toContain('application/problem+json');
    expect(JSON.stringify(answer.body)).not.toMatch(/at .*\.ts:|node_modules/);
  });

  it('a transition that the phase does not permit names those that it does', async () => {
    const answer = await api.ask(`/api/groups/${api.group()}/switch`, { method: 'POST' });
    expect(answer.status).toBe(409);
    expect(answer.body).toMatchObject({ code: 'illegal-transition', possible: ['sync'] });
  });

  it('a gate that is not met refuses with every gate’s evidence, and nothing changes', async () => {
    await placeGroup(api.pair, 'canary');
    const answer = await api.ask(`/api/groups/${api.group()}/switch`, { method: 'POST' });
    expect(answer.status).toBe(409);
    expect(answer.body.code).toBe('gate-failed');
    const failed = answer.body.gates.filter((gate: { ok: boolean }) => !gate.ok);
    expect(failed.map((gate: { name: string }) => gate.name)).toEqual(
      expect.arrayContaining(['lag', 'slots', 'way-back-rehearsed', 'verification', 'comparisons', 'ready']),
    );
    for (const gate of answer.body.gates) expect(gate.evidence.length, gate.name).toBeGreaterThan(0);
    for (const gate of failed) expect(gate.help?.length, gate.name).toBeGreaterThan(0);
    expect((await api.ask('/api/history')).body.transitions).toEqual([]);
    expect(await readOwnership(api.pair.legacyPool, api.group())).toMatchObject({
      owner: 'legacy',
      epoch: 1n,
    });
    expect(await api.audits()).toContainEqual(
      expect.objectContaining({ action: 'switch', outcome: 'gate-failed' }),
    );
  });

  it('a dry run says all that the real one would, and changes nothing', async () => {
    const answer = await api.ask(`/api/groups/${api.group()}/sync?dryRun=true`, { method: 'POST' });
    expect(answer.body).toMatchObject({ kind: 'sync', from: 'legacy', to: 'syncing' });
    expect(answer.body.steps.length).toBeGreaterThan(1);
    expect(await phaseOf(api.pair)).toBe('legacy');
    expect(await readOwnership(api.pair.legacyPool, api.group()).catch(() => undefined)).toBeUndefined();
  });
});

describe('work for the cdc worker', () => {
  it('is queued once, towards the side that does not own the group', async () => {
    await placeGroup(api.pair, 'shadow');
    const job = await api.ask(`/api/groups/${api.group()}/verify`, { method: 'POST' });
    expect(job.status).toBe(202);
    expect((await api.ask(`/api/jobs/${job.body.id}`)).body).toMatchObject({
      kind: 'verify',
      state: 'queued',
      args: { direction: 'forward' },
    });
    expect((await api.ask(`/api/groups/${api.group()}/verify`, { method: 'POST' })).status).toBe(409);
  });

  it('is refused while nothing is synced', async () => {
    expect((await api.ask(`/api/groups/${api.group()}/verify`, { method: 'POST' })).body.code).toBe(
      'illegal-transition',
    );
  });

  it('a stop is cleared by resume', async () => {
    await placeGroup(api.pair, 'shadow');
    await api.pair.controlPool.query(
      `update route_group set stopped = '{"code":"poison","message":"m","hint":"h","at":"now"}' where name = $1`,
      [api.group()],
    );
    expect((await api.ask('/api/doctor')).body.findings).toContainEqual(
      expect.objectContaining({ level: 'error', where: api.group(), help: 'h' }),
    );
    expect((await api.ask(`/api/groups/${api.group()}/resume`, { method: 'POST' })).status).toBe(200);
    expect((await api.ask(`/api/groups/${api.group()}/resume`, { method: 'POST' })).status).toBe(409);
  });
});

describe('beside the API', () => {
  it('serves liveness, readiness, metrics and the console', async () => {
    for (const path of ['/livez', '/readyz']) expect((await fetch(api.operator.url + path)).status).toBe(200);
    const metrics = await (await fetch(`${api.operator.url}/metrics`)).text();
    expect(metrics).toMatch(/matapalo_operator_leading\{[^}]*\} 1/);
    expect(metrics).toMatch(
      new RegExp(`matapalo_group_phase\\{[^}]*group="${api.group()}",phase="legacy"[^}]*\\} 1`),
    );
    const console = await fetch(`${api.operator.url}/`);
    expect(console.headers.get('content-security-policy')).toContain("default-src 'none'");
    expect(await console.text()).toContain('<script type="module" src="/console.js">');
  });
});
