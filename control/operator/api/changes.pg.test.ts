import { describe, expect, it } from 'vitest';
import { readOwnership } from '#guard/ownership.ts';
import { leadingOperator, phaseOf, placeGroup, until } from '../operator-fixture.ts';
import { startOperator } from '../start-operator.ts';
import { quietLog } from '#test/two-sides.ts';

import { operatorApi } from './api-fixture.ts';

const api = operatorApi();

describe('sync and abort', () => {
  it('puts the guard on both sides and publishes; abort takes it away without a trace; a second sync has a higher epoch', async () => {
    const first = await api.ask(`/api/groups/${api.group()}/sync`, { method: 'POST' });
    expect(first.status).toBe(202);
    expect((await api.ask(`/api/transitions/${first.body.id}?waitMs=20000`)).body.state).toBe('done');
    expect(await phaseOf(api.pair)).toBe('syncing');
    expect(await readOwnership(api.pair.servicePool, api.group())).toEqual({
      side: 'service',
      owner: 'legacy',
      epoch: 1n,
    });
    await expect(api.pair.serviceApp.query('delete from products')).rejects.toMatchObject({ code: 'MP001' });
    await expect(api.pair.legacyApp.query(`update prod set note = 'x'`)).resolves.toBeDefined();

    const abort = await api.ask(`/api/groups/${api.group()}/abort`, { method: 'POST' });
    expect((await api.ask(`/api/transitions/${abort.body.id}?waitMs=20000`)).body.state).toBe('done');
    const { rows } = await api.pair.legacyPool.query(`select to_regnamespace('matapalo') as schema`);
    expect(rows[0]?.schema).toBeNull();

    const second = await api.ask(`/api/groups/${api.group()}/sync`, { method: 'POST' });
    expect((await api.ask(`/api/transitions/${second.body.id}?waitMs=20000`)).body.state).toBe('done');
    expect(await readOwnership(api.pair.legacyPool, api.group())).toMatchObject({ epoch: 2n });
  });

  it('abort waits until the cdc worker has taken its part down, then empties the copy that the tool made', async () => {
    await placeGroup(api.pair, 'shadow');
    await api.pair.servicePool.query(
      `insert into matapalo.backfill_range (group_name, direction, entry, range_no, snapshot, rows)
       values ($1, 'forward', 'public.prod>public.products', 0, '1:1:', 1)`,
      [api.group()],
    );
    await api.pair.serviceAdmin(
      `alter table products disable trigger user;
       insert into products (code, price, status, first_name, last_name, updated_at) values ('c', 1, 'active', 'a', 'b', now());
       alter table products enable always trigger matapalo_guard;
       alter table products enable always trigger matapalo_guard_truncate;`,
    );
    await api.pair.controlPool.query(
      `insert into progress (group_name, direction, worker, transport, state) values ($1, 'forward', 'w', 'direct', 'streaming')`,
      [api.group()],
    );
    const abort = await api.ask(`/api/groups/${api.group()}/abort`, { method: 'POST' });
    expect((await api.ask(`/api/transitions/${abort.body.id}?waitMs=700`)).body.state).toBe('running');
    expect(await readOwnership(api.pair.servicePool, api.group())).toBeDefined();
    expect((await api.ask(`/api/groups/${api.group()}/sync`, { method: 'POST' })).body.code).toBe(
      'transition-running',
    );
    await api.pair.controlPool.query('delete from progress');
    expect((await api.ask(`/api/transitions/${abort.body.id}?waitMs=20000`)).body.state).toBe('done');
    expect((await api.pair.serviceApp.query('select from products')).rowCount).toBe(0);
  });

  it('is taken up by the next leader when its api.operator ends in the middle', async () => {
    await placeGroup(api.pair, 'shadow');
    await api.pair.controlPool.query(
      `insert into progress (group_name, direction, worker, transport, state) values ($1, 'forward', 'w', 'direct', 'streaming')`,
      [api.group()],
    );
    const abort = await api.ask(`/api/groups/${api.group()}/abort`, { method: 'POST' });
    await api.operator.stop();
    api.operator = await leadingOperator(api.pair);
    await api.pair.controlPool.query('delete from progress');
    await until(
      async () => (await api.ask(`/api/transitions/${abort.body.id}`)).body.state === 'done',
      'the abort to end',
    );
    expect(await phaseOf(api.pair)).toBe('legacy');
  });
});

describe('two operators', () => {
  it('one leads; the other answers reads, and names the leader to who wants a change', async () => {
    const second = await startOperator({ plan: api.pair.plan, port: 0, log: quietLog, leaseMs: 600 });
    try {
      expect((await api.ask('/api/status', { at: second.url })).body.leader).toMatchObject({
        url: api.operator.url,
        self: false,
      });
      const answer = await api.ask(`/api/groups/${api.group()}/sync`, { method: 'POST', at: second.url });
      expect(answer.status).toBe(503);
      expect(answer.body).toMatchObject({ code: 'not-leader', leader: api.operator.url });
      await api.operator.stop();
      await until(() => second.operator.lead.current !== undefined, 'the second to lead');
      expect(
        (await api.ask(`/api/groups/${api.group()}/sync`, { method: 'POST', at: second.url })).status,
      ).toBe(202);
      await Promise.all(second.operator.running.values());
    } finally {
      await second.stop();
    }
  });
});

describe('the end', () => {
  it('uninstall is refused while a service owns a group, and leaves nothing once none does', async () => {
    await placeGroup(api.pair, 'migrated');
    const refused = await api.ask('/api/uninstall', { method: 'POST' });
    expect(refused.status).toBe(409);
    expect(refused.body.blockers.join()).toContain('owns');
    await api.pair.controlPool.query(`update route_group set phase = 'legacy'`);
    expect((await api.ask('/api/uninstall?dryRun=true', { method: 'POST' })).status).toBe(200);
    expect(await readOwnership(api.pair.legacyPool, api.group())).toBeDefined();
    expect((await api.ask('/api/uninstall', { method: 'POST' })).status).toBe(200);
    const { rows } = await api.pair.legacyPool.query(`select to_regnamespace('matapalo') as schema`);
    expect(rows[0]?.schema).toBeNull();
  });

  it('decommission proves that nothing is left, and refuses while something is', async () => {
    await placeGroup(api.pair, 'migrated');
    const refused = await api.ask('/api/decommission', { method: 'POST' });
    expect(refused.status).toBe(409);
    const names = refused.body.proofs.filter((proof: { ok: boolean }) => !proof.ok);
    expect(names.map((proof: { name: string }) => proof.name)).toContain('routes');
    await api.pair.controlPool.query(`update route_group set phase = 'retired'`);
    await api.pair.legacyAdmin(
      `select pg_terminate_backend(pid) from pg_stat_activity
        where datname = current_database() and usename not in ('matapalo', current_user)`,
    );
    await until(
      async () => (await api.ask('/api/decommission', { method: 'POST' })).status === 200,
      'the connections to be gone',
    );
    expect((await api.ask('/api/uninstall', { method: 'POST' })).status).toBe(200);
  });
});
