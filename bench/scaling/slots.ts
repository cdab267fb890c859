import { writeFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import pg from 'pg';
import { ReplicationConnection } from '#cdc/capture/direct/replication-connection.ts';
import { startCluster, type Cluster } from '#stack/clusters.ts';
import { cpuMs, ownBytes } from './cpu.ts';

/**
 * `node bench/scaling/slots.ts`: what a logical slot costs its source. The same updates are made with more and more slots, each
 * read by somebody who drops what comes; the processor time of the walsenders is read from the kernel, so that it does not
 * matter that readers, writer and server share the machine. `--json FILE` writes the figures, `--quick` is a smoke test.
 */
const { values } = parseArgs({ options: { json: { type: 'string' }, quick: { type: 'boolean' } } });
/** Rows of a transaction, transactions, and with how many slots. */
const shapes = values.quick
  ? [{ rowsEach: 100, transactions: 50, slots: [0, 1] }]
  : [
      { rowsEach: 100, transactions: 400, slots: [0, 1, 2, 4, 8, 16] },
      { rowsEach: 1, transactions: 20_000, slots: [0, 1, 4, 8] },
    ];
type Shape = (typeof shapes)[number];
const maxRows = Math.max(...shapes.map(({ rowsEach, transactions }) => rowsEach * transactions));

/** `written`: the slots publish the table that is written; `other`: another one, so that everything is filtered out. */
type Published = 'written' | 'other';

interface Figure {
  rowsEach: number;
  published: Published;
  slots: number;
  /** Of one walsender, for each row that was changed. */
  cpuUsPerRow: number;
  /** Of the writer's own session, for each row. */
  writerCpuUsPerRow: number;
  walBytesPerRow: number;
  /** Largest walsender. */
  memoryBytes: number;
}

const cluster = await startCluster({ settings: { max_wal_size: '8GB', checkpoint_timeout: '30min' } });
const figures: Figure[] = [];
try {
  const url = await cluster.createDatabase('scaling');
  const db = new pg.Client({ connectionString: url });
  await db.connect();
  await db.query(`create table item (id bigint primary key, code text not null, name text not null, price bigint not null,
    quantity integer not null, note text, at timestamptz not null default now());
    create table other (id bigint primary key);
    insert into item select g, 'C' || g, 'Product number ' || g, g, 0, 'A note about product ' || g
      from generate_series(1, ${maxRows}) g;
    create publication written for table item; create publication other for table other;`);
  // The first change of a page after a checkpoint writes the whole page: not part of any figure.
  await db.query('update item set quantity = quantity + 1');
  for (const shape of shapes) {
    for (const published of ['written', 'other'] as const) {
      for (const count of shape.slots) {
        if (count === 0 && published === 'other') continue;
        const figure = await measure(cluster, url, db, shape, published, count);
        figures.push(figure);
        process.stdout.write(`${JSON.stringify(figure)}\n`);
      }
    }
  }
  await db.end();
} finally {
  await cluster.stop();
}
if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(figures, null, 2)}\n`);

async function measure(
  source: Cluster,
  url: string,
  db: pg.Client,
  { rowsEach, transactions }: Shape,
  published: Published,
  count: number,
): Promise<Figure> {
  const rows = rowsEach * transactions;
  const readers: ReplicationConnection[] = [];
  for (let index = 0; index < count; index++) {
    const slot = `slot_${index}`;
    await db.query(`select pg_create_logical_replication_slot($1, 'pgoutput')`, [slot]);
    const reader = new ReplicationConnection(url, slot);
    await reader.connect();
    await reader.stream(slot, published, 0n, {
      message: () => undefined,
      drained: () => undefined,
      ended: () => undefined,
    });
    readers.push(reader);
  }
  const senders = (await source.query('select pid from pg_stat_replication')).rows.map(
    (row: { pid: number }) => row.pid,
  );
  const writer = Number((await db.query<{ pid: number }>('select pg_backend_pid() as pid')).rows[0]?.pid);
  const position = async () =>
    BigInt(
      (await db.query<{ at: string }>(`select (pg_current_wal_lsn() - '0/0')::text as at`)).rows[0]?.at ?? 0,
    );
  const before = { senders: senders.map(cpuMs), writer: cpuMs(writer), wal: await position() };
  for (let index = 0; index < transactions; index++) {
    const from = index * rowsEach;
    await db.query(
      `update item set quantity = quantity + 1, at = now() where id > ${from} and id <= ${from + rowsEach}`,
    );
  }
  const end = await position();
  while (!(await allSent(source, end))) await delay(20);
  const spent = senders.map((pid, index) => cpuMs(pid) - (before.senders[index] ?? 0));
  const figure: Figure = {
    rowsEach,
    published,
    slots: count,
    cpuUsPerRow: count === 0 ? 0 : round((spent.reduce((sum, ms) => sum + ms, 0) / count) * (1_000 / rows)),
    writerCpuUsPerRow: round((cpuMs(writer) - before.writer) * (1_000 / rows)),
    walBytesPerRow: Math.round(Number(end - before.wal) / rows),
    memoryBytes: Math.max(0, ...senders.map(ownBytes)),
  };
  for (const reader of readers) await reader.close();
  for (let index = 0; index < count; index++) await dropSlot(source, `slot_${index}`);
  return figure;
}

async function allSent(source: Cluster, end: bigint): Promise<boolean> {
  const { rows: late } = await source.query(
    `select from pg_stat_replication where (sent_lsn - '0/0')::numeric < ${end}`,
  );
  return late.length === 0;
}

/** A slot is let go of a moment after its reader has left. */
async function dropSlot(source: Cluster, slot: string): Promise<void> {
  for (;;) {
    try {
      await source.query(`select pg_drop_replication_slot('${slot}')`, 'scaling');
      return;
    } catch (error) {
      if ((error as { code?: string }).code !== '55006') throw error;
      await delay(50);
    }
  }
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
