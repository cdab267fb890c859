import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cleanAudit } from './wallet-audit.ts';
import { startLoad } from './wallet-load.ts';
import { runSql } from './run-sql.ts';
import { WalletStack } from './wallet-stack.ts';

describe('after the switch', () => {
  const stack = new WalletStack({ proxies: 1, operators: 2, workers: 2 });
  beforeAll(async () => {
    await stack.up();
    await stack.transition('sync');
    await stack.streaming();
    await stack.transition('shadow');
  });
  afterAll(() => stack.down());

  const ready = async (direction: 'forward' | 'reverse') => {
    await stack.streaming();
    await stack.settle();
    await stack.verify(direction);
  };

  it('refuses a write by hand with MP001, and one inside an older REPEATABLE READ transaction with 40001', async () => {
    const load = startLoad({ urls: stack.proxyUrls, wallets: stack.wallets, clients: 2, thinkMs: 5 });
    await stack.compared(20);
    await ready('forward');
    const old = new pg.Client({ connectionString: stack.legacyUrl });
    await old.connect();
    await old.query('begin isolation level repeatable read');
    await old.query('select count(*) from wallets');
    const ended = await stack.transition('switch');
    expect(ended, ended.reason).toMatchObject({ state: 'done' });

    const write = `update wallets set balance_cents = balance_cents + 1`;
    await expect(old.query(write)).rejects.toMatchObject({ code: '40001' });
    await old.end();
    await expect(runSql(stack.legacyUrl, write)).rejects.toMatchObject({ code: 'MP001' });
    await expect(runSql(stack.legacyUrl, 'truncate wallet_tags')).rejects.toMatchObject({ code: 'MP001' });

    const { ledger, failures } = await load.stop();
    await stack.settle();
    expect(failures).toEqual([]);
    expect(await stack.audit(ledger, 'service')).toEqual(cleanAudit);
    entries.push(...ledger);
  });

  it('a worker that slept through a rollback changes nothing when it wakes', async () => {
    await ready('reverse');
    // The leader of the group sleeps; the other takes over, and the group moves back and is written meanwhile.
    const led = await leadingWorkers(stack);
    const sleeper = ['cdc-1', 'cdc-2'].find((name) => led.includes(stack.process(name).pid)) ?? '';
    stack.process(sleeper).signal('SIGSTOP');
    await stack.until('both directions to have a successor', async () => {
      const leading = await leadingWorkers(stack);
      return leading.every((pid) => !led.includes(pid)) ? true : undefined;
    });
    await ready('reverse');
    const ended = await stack.transition('rollback');
    expect(ended, ended.reason).toMatchObject({ state: 'done' });
    const load = startLoad({ urls: stack.proxyUrls, wallets: stack.wallets, clients: 4, thinkMs: 2 });
    await stack.until('a hundred writes', async () => (load.result.writes > 100 ? true : undefined));
    stack.process(sleeper).signal('SIGCONT');
    await stack.until('two hundred writes', async () => (load.result.writes > 200 ? true : undefined));
    const { ledger, failures } = await load.stop();
    expect(failures).toEqual([]);
    entries.push(...ledger);
    await stack.settle();
    expect(await stack.audit(entries, 'legacy')).toEqual(cleanAudit);
    expect(await stack.owners()).toMatchObject({ legacy: 'legacy@3', service: 'legacy@3', phase: 'shadow' });
    await stack.until('the successor to report alone', async () =>
      (await leadingWorkers(stack)).includes(stack.process(sleeper).pid) ? undefined : true,
    );
  });

  const entries: Parameters<WalletStack['audit']>[0][number][] = [];
});

/** Process ids of the workers that report the group's directions; their name is host, process id and a random part. */
async function leadingWorkers(stack: WalletStack): Promise<number[]> {
  const { rows } = await runSql(
    stack.controlUrl,
    `select split_part(worker, ' ', 2)::int as pid from progress where group_name = 'wallets'`,
  );
  return (rows as { pid: number }[]).map((row) => row.pid);
}
