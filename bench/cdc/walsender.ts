import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { parseLsn } from '#cdc/capture/direct/objects.ts';
import { ReplicationConnection } from '#cdc/capture/direct/replication-connection.ts';
import { createDatabases, startSides, writeUpdates } from './sides.ts';

/**
 * `node bench/cdc/walsender.ts`: how fast the source itself can send, to a consumer that throws all away: the bound of any
 * streaming. Prints rows a second, and microseconds of processor time a row, of the walsender and of this process.
 */
const rows = 100_000;
const count = 300_000;
const update = 0x55;

/** Milliseconds of processor time of a process, as Linux counts it in hundredths of a second. */
function processorMs(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

const sides = await startSides();
try {
  const { source, target, sourceUrl } = await createDatabases(sides, 'discard', rows, true);
  await source.query('create publication discard for table item');
  await source.query(`select pg_create_logical_replication_slot('discard', 'pgoutput')`);
  const slot = async () =>
    (
      await source.query<{ pid: number; flushed: string }>(
        'select active_pid as pid, confirmed_flush_lsn::text as flushed from pg_replication_slots',
      )
    ).rows[0];
  const from = parseLsn((await slot())?.flushed ?? '0/0');
  await writeUpdates(source, rows, count, 'uniform');
  for (let round = 0; round < 3; round++) {
    const connection = new ReplicationConnection(sourceUrl, 'discard');
    await connection.connect();
    const { promise, resolve, reject } = Promise.withResolvers<undefined>();
    let seen = 0;
    let reads = 0;
    const startedMs = performance.now();
    const before = process.cpuUsage();
    await connection.stream('discard', 'discard', from, {
      message(bytes, start) {
        if (bytes[start] === update && ++seen === count) resolve(undefined);
      },
      drained: () => void reads++,
      ended: reject,
    });
    await promise;
    const tookMs = performance.now() - startedMs;
    const own = process.cpuUsage(before);
    const sender = processorMs((await slot())?.pid ?? process.pid);
    process.stdout.write(
      `${Math.round((count / tookMs) * 1_000).toLocaleString('en')} rows/s; walsender ${((sender * 1_000) / count).toFixed(2)} us a row, ` +
        `this process ${((own.user + own.system) / count).toFixed(2)} us a row; ${(seen / reads).toFixed(0)} rows a read\n`,
    );
    await connection.close();
    while ((await slot())?.pid != null) await delay(20);
  }
  await source.end();
  await target.end();
} finally {
  await sides.stop();
}
