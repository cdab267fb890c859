import { Validator } from '@seriousme/openapi-schema-validator';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { statSync, readFileSync } from 'node:fs';
import { readOwnership } from '#guard/ownership.ts';
import { exampleRows, startTwoSides, type Pair, type TwoSides } from '#test/two-sides.ts';
import { leadingOperator, phaseOf, placeGroup, tokenFile, until } from '../operator-fixture.ts';
import { startOperator, type RunningOperator } from '../start-operator.ts';
import { quietLog } from '#test/two-sides.ts';
import { createToken } from './tokens.ts';

let sides: TwoSides;
let pair: Pair;
let operator: RunningOperator;
let token: string;

beforeAll(async () => {
  sides = await startTwoSides();
});
afterAll(() => sides.stop());
beforeEach(async () => {
  pair = await sides.pair();
  await pair.legacyApp.query(exampleRows(5));
  operator = await leadingOperator(pair);
  token = operator.firstToken ?? '';
});
afterEach(async () => {
  await operator.stop();
  await pair.close();
});

interface AskOptions {
  method?: string;
  body?: unknown;
  headers?: Record<string, string>;
  as?: string;
  at?: string;
}

async function ask(path: string, { method = 'GET', body, headers = {}, as = token, at }: AskOptions = {}) {
  const answer = await fetch(`${at ?? operator.url}${path}`, {
    method,
    headers: {
      ...(as === '' ? {} : { authorization: `Bearer ${as}` }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  // Answers are asserted on member by member.
  const parsed = JSON.parse(await answer.text());
  return { status: answer.status, type: answer.headers.get('content-type'), body: parsed };
}

const group = () => pair.group.name;
const audits = async () =>
  (await pair.controlPool.query('select who, role, action, target, outcome from audit order by id')).rows;

describe('who may call', () => {
  it('the first start makes one operator token, readable by its owner only, and keeps its hash alone', async () => {
    expect(readFileSync(tokenFile(), 'utf8').trim()).toBe(token);
    expect(statSync(tokenFile()).mode & 0o777).toBe(0o600);
    const { rows } = await pair.controlPool.query('select * from api_token');
    expect(rows).toHaveLength(1);
    expect(JSON.stringify(rows)).not.toContain(token);
    const second = await startOperator({ plan: pair.plan, port: 0, log: quietLog });
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
      [`/api/groups/${group()}/sync`, 'POST'],
    ] as const) {
      const answer = await ask(path, { method, as });
      expect(answer.status).toBe(401);
      expect(answer.type).toContain('application/problem+json');
    }
    expect(await phaseOf(pair)).toBe('legacy');
  });

  it('a viewer sees everything and changes nothing: 403, audited', async () => {
    const viewer = await createToken(pair.controlPool, 'dba', 'viewer');
    expect((await ask('/api/status', { as: viewer })).status).toBe(200);
    for (const path of [`/api/groups/${group()}/sync`, '/api/uninstall', '/api/tokens']) {
      expect((await ask(path, { as: viewer, method: 'POST' })).status).toBe(403);
    }
    expect(await phaseOf(pair)).toBe('legacy');
    expect(await audits()).toContainEqual(expect.objectContaining({ who: 'dba', outcome: 'forbidden' }));
  });

  it('a page of another site is refused, whatever token it has', async () => {
    for (const origin of ['http://evil.example', 'null']) {
      const answer = await ask(`/api/groups/${group()}/sync`, { method: 'POST', headers: { origin } });
      expect(answer.status).toBe(403);
    }
    expect(await phaseOf(pair)).toBe('legacy');
    expect((await ask('/api/status', { headers: { origin: new URL(operator.url).origin } })).status).toBe(
      200,
    );
  });

  it('tokens are made, used and revoked', async () => {
    const made = await ask('/api/tokens', { method: 'POST', body: { name: 'ci', role: 'operator' } });
    expect(made.status).toBe(201);
    expect((await ask('/api/status', { as: made.body.token })).status).toBe(200);
    expect((await ask('/api/tokens', { method: 'POST', body: { name: 'ci', role: 'viewer' } })).status).toBe(
      409,
    );
    expect((await ask('/api/tokens/first', { method: 'DELETE' })).status).toBe(409);
    expect((await ask('/api/tokens/ci', { method: 'DELETE' })).status).toBe(200);
    expect((await ask('/api/status', { as: made.body.token })).status).toBe(401);
  });
});

describe('what is asked', () => {
  it('serves a valid OpenAPI document of every route', async () => {
    const document = (await ask('/openapi.json', { as: '' })).body;
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
    const answer = await ask(path.replace('/x/', `/${group()}/`), { method, body });
    expect(answer.status).toBe(status);
    expect(answer.type).toContain('application/problem+json');
    expect(JSON.stringify(answer.body)).not.toMatch(/at .*\.ts:|node_modules/);
  });

  it('a transition that the phase does not permit names those that it does', async () => {
    const answer = await ask(`/api/groups/${group()}/switch`, { method: 'POST' });
    expect(answer.status).toBe(409);
    expect(answer.body).toMatchObject({ code: 'illegal-transition', possible: ['sync'] });
  });

  it('a gate that is not met refuses with every gate’s evidence, and nothing changes', async () => {
    await placeGroup(pair, 'canary');
    const answer = await ask(`/api/groups/${group()}/switch`, { method: 'POST' });
    expect(answer.status).toBe(409);
    expect(answer.body.code).toBe('gate-failed');
    const failed = answer.body.gates.filter((gate: { ok: boolean }) => !gate.ok);
    expect(failed.map((gate: { name: string }) => gate.name)).toEqual(
      expect.arrayContaining(['lag', 'slots', 'way-back-rehearsed', 'verification', 'comparisons', 'ready']),
    );
    for (const gate of answer.body.gates) expect(gate.evidence.length, gate.name).toBeGreaterThan(0);
    for (const gate of failed) expect(gate.help?.length, gate.name).toBeGreaterThan(0);
    expect((await ask('/api/history')).body.transitions).toEqual([]);
    expect(await readOwnership(pair.legacyPool, group())).toMatchObject({ owner: 'legacy', epoch: 1n });
    expect(await audits()).toContainEqual(
      expect.objectContaining({ action: 'switch', outcome: 'gate-failed' }),
    );
  });

  it('a dry run says all that the real one would, and changes nothing', async () => {
    const answer = await ask(`/api/groups/${group()}/sync?dryRun=true`, { method: 'POST' });
    expect(answer.body).toMatchObject({ kind: 'sync', from: 'legacy', to: 'syncing' });
    expect(answer.body.steps.length).toBeGreaterThan(1);
    expect(await phaseOf(pair)).toBe('legacy');
    expect(await readOwnership(pair.legacyPool, group()).catch(() => undefined)).toBeUndefined();
  });
});

describe('sync and abort', () => {
  it('puts the guard on both sides and publishes; abort takes it away without a trace; a second sync has a higher epoch', async () => {
    const first = await ask(`/api/groups/${group()}/sync`, { method: 'POST' });
    expect(first.status).toBe(202);
    expect((await ask(`/api/transitions/${first.body.id}?waitMs=20000`)).body.state).toBe('done');
    expect(await phaseOf(pair)).toBe('syncing');
    expect(await readOwnership(pair.servicePool, group())).toEqual({
      side: 'service',
      owner: 'legacy',
      epoch: 1n,
    });
    await expect(pair.serviceApp.query('delete from products')).rejects.toMatchObject({ code: 'MP001' });
    await expect(pair.legacyApp.query(`update prod set note = 'x'`)).resolves.toBeDefined();

    const abort = await ask(`/api/groups/${group()}/abort`, { method: 'POST' });
    expect((await ask(`/api/transitions/${abort.body.id}?waitMs=20000`)).body.state).toBe('done');
    const { rows } = await pair.legacyPool.query(`select to_regnamespace('matapalo') as schema`);
    expect(rows[0]?.schema).toBeNull();

    const second = await ask(`/api/groups/${group()}/sync`, { method: 'POST' });
    expect((await ask(`/api/transitions/${second.body.id}?waitMs=20000`)).body.state).toBe('done');
    expect(await readOwnership(pair.legacyPool, group())).toMatchObject({ epoch: 2n });
  });

  it('abort waits until the cdc worker has taken its part down, then empties the copy that the tool made', async () => {
    await placeGroup(pair, 'shadow');
    await pair.servicePool.query(
      `insert into matapalo.backfill_range (group_name, direction, entry, range_no, snapshot, rows)
       values ($1, 'forward', 'public.prod>public.products', 0, '1:1:', 1)`,
      [group()],
    );
    await pair.serviceAdmin(
      `alter table products disable trigger user;
       insert into products (code, price, status, first_name, last_name, updated_at) values ('c', 1, 'active', 'a', 'b', now());
       alter table products enable always trigger matapalo_guard;
       alter table products enable always trigger matapalo_guard_truncate;`,
    );
    await pair.controlPool.query(
      `insert into progress (group_name, direction, worker, transport, state) values ($1, 'forward', 'w', 'direct', 'streaming')`,
      [group()],
    );
    const abort = await ask(`/api/groups/${group()}/abort`, { method: 'POST' });
    expect((await ask(`/api/transitions/${abort.body.id}?waitMs=700`)).body.state).toBe('running');
    expect(await readOwnership(pair.servicePool, group())).toBeDefined();
    expect((await ask(`/api/groups/${group()}/sync`, { method: 'POST' })).body.code).toBe(
      'transition-running',
    );
    await pair.controlPool.query('delete from progress');
    expect((await ask(`/api/transitions/${abort.body.id}?waitMs=20000`)).body.state).toBe('done');
    expect((await pair.serviceApp.query('select from products')).rowCount).toBe(0);
  });

  it('is taken up by the next leader when its operator ends in the middle', async () => {
    await placeGroup(pair, 'shadow');
    await pair.controlPool.query(
      `insert into progress (group_name, direction, worker, transport, state) values ($1, 'forward', 'w', 'direct', 'streaming')`,
      [group()],
    );
    const abort = await ask(`/api/groups/${group()}/abort`, { method: 'POST' });
    await operator.stop();
    operator = await leadingOperator(pair);
    await pair.controlPool.query('delete from progress');
    await until(
      async () => (await ask(`/api/transitions/${abort.body.id}`)).body.state === 'done',
      'the abort to end',
    );
    expect(await phaseOf(pair)).toBe('legacy');
  });
});

describe('two operators', () => {
  it('one leads; the other answers reads, and names the leader to who wants a change', async () => {
    const second = await startOperator({ plan: pair.plan, port: 0, log: quietLog, leaseMs: 600 });
    try {
      expect((await ask('/api/status', { at: second.url })).body.leader).toMatchObject({
        url: operator.url,
        self: false,
      });
      const answer = await ask(`/api/groups/${group()}/sync`, { method: 'POST', at: second.url });
      expect(answer.status).toBe(503);
      expect(answer.body).toMatchObject({ code: 'not-leader', leader: operator.url });
      await operator.stop();
      await until(() => second.operator.lead.current !== undefined, 'the second to lead');
      expect((await ask(`/api/groups/${group()}/sync`, { method: 'POST', at: second.url })).status).toBe(202);
      await Promise.all(second.operator.running.values());
    } finally {
      await second.stop();
    }
  });
});

describe('work for the cdc worker', () => {
  it('is queued once, towards the side that does not own the group', async () => {
    await placeGroup(pair, 'shadow');
    const job = await ask(`/api/groups/${group()}/verify`, { method: 'POST' });
    expect(job.status).toBe(202);
    expect((await ask(`/api/jobs/${job.body.id}`)).body).toMatchObject({
      kind: 'verify',
      state: 'queued',
      args: { direction: 'forward' },
    });
    expect((await ask(`/api/groups/${group()}/verify`, { method: 'POST' })).status).toBe(409);
  });

  it('is refused while nothing is synced', async () => {
    expect((await ask(`/api/groups/${group()}/verify`, { method: 'POST' })).body.code).toBe(
      'illegal-transition',
    );
  });

  it('a stop is cleared by resume', async () => {
    await placeGroup(pair, 'shadow');
    await pair.controlPool.query(
      `update route_group set stopped = '{"code":"poison","message":"m","hint":"h","at":"now"}' where name = $1`,
      [group()],
    );
    expect((await ask('/api/doctor')).body.findings).toContainEqual(
      expect.objectContaining({ level: 'error', where: group(), help: 'h' }),
    );
    expect((await ask(`/api/groups/${group()}/resume`, { method: 'POST' })).status).toBe(200);
    expect((await ask(`/api/groups/${group()}/resume`, { method: 'POST' })).status).toBe(409);
  });
});

describe('the end', () => {
  it('uninstall is refused while a service owns a group, and leaves nothing once none does', async () => {
    await placeGroup(pair, 'migrated');
    const refused = await ask('/api/uninstall', { method: 'POST' });
    expect(refused.status).toBe(409);
    expect(refused.body.blockers.join()).toContain('owns');
    await pair.controlPool.query(`update route_group set phase = 'legacy'`);
    expect((await ask('/api/uninstall?dryRun=true', { method: 'POST' })).status).toBe(200);
    expect(await readOwnership(pair.legacyPool, group())).toBeDefined();
    expect((await ask('/api/uninstall', { method: 'POST' })).status).toBe(200);
    const { rows } = await pair.legacyPool.query(`select to_regnamespace('matapalo') as schema`);
    expect(rows[0]?.schema).toBeNull();
  });

  it('decommission proves that nothing is left, and refuses while something is', async () => {
    await placeGroup(pair, 'migrated');
    const refused = await ask('/api/decommission', { method: 'POST' });
    expect(refused.status).toBe(409);
    const names = refused.body.proofs.filter((proof: { ok: boolean }) => !proof.ok);
    expect(names.map((proof: { name: string }) => proof.name)).toContain('routes');
    await pair.controlPool.query(`update route_group set phase = 'retired'`);
    await pair.legacyAdmin(
      `select pg_terminate_backend(pid) from pg_stat_activity
        where datname = current_database() and usename not in ('matapalo', current_user)`,
    );
    await until(
      async () => (await ask('/api/decommission', { method: 'POST' })).status === 200,
      'the connections to be gone',
    );
    expect((await ask('/api/uninstall', { method: 'POST' })).status).toBe(200);
  });
});

describe('beside the API', () => {
  it('serves liveness, readiness, metrics and the console', async () => {
    for (const path of ['/livez', '/readyz']) expect((await fetch(operator.url + path)).status).toBe(200);
    const metrics = await (await fetch(`${operator.url}/metrics`)).text();
    expect(metrics).toMatch(/matapalo_operator_leading\{[^}]*\} 1/);
    expect(metrics).toMatch(
      new RegExp(`matapalo_group_phase\\{[^}]*group="${group()}",phase="legacy"[^}]*\\} 1`),
    );
    const console = await fetch(`${operator.url}/`);
    expect(console.headers.get('content-security-policy')).toContain("default-src 'none'");
    expect(await console.text()).toContain('<script type="module" src="/console.js">');
  });
});
