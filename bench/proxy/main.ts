import { writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import pg from 'pg';
import { migrateControl } from '#plan/store/migrate-control.ts';
import { compilePlan } from '#plan/compile.ts';
import { startCluster } from '#stack/clusters.ts';
import { startNginx } from './nginx.ts';
import { measure, median, startPeer, type Peer, type Run } from './run.ts';

/**
 * Requests per second of our proxy beside its peers, in the same run on the same machine: rounds are interleaved, in a new
 * order each time, and the medians of their ratios count. `--quick` for a glance, `--json FILE` for the figures with the runs behind them.
 */
const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    json: { type: 'string' },
    rounds: { type: 'string' },
    seconds: { type: 'string' },
    connections: { type: 'string', default: '64' },
  },
});
const rounds = Number(values.rounds ?? (values.quick ? 3 : 7));
const seconds = Number(values.seconds ?? (values.quick ? 2 : 5));
const connections = Number(values.connections);

const cluster = await startCluster();
const peers: Peer[] = [];
try {
  const control = await cluster.createDatabase('control');
  await prepareControl(control);
  const upstream = await startPeer('upstream', './upstream.ts', []);
  const stop = [upstream];
  try {
    peers.push(
      await startPeer('matapalo', './peers/matapalo.ts', [upstream.url, control, '10']),
      await startPeer('stock', './peers/stock.ts', [upstream.url]),
      await startPeer('dispatch', './peers/dispatch.ts', [upstream.url]),
      await startPeer('matapalo-10000-routes', './peers/matapalo.ts', [upstream.url, control, '10000']),
    );
    const nginx = await startNginx(upstream.url);
    if (nginx !== undefined) peers.push(nginx);
    report(await measureAll());
  } finally {
    for (const peer of [...peers, ...stop]) peer.stop();
  }
} finally {
  await cluster.stop();
}

async function prepareControl(url: string): Promise<void> {
  const side = { url: 'http://127.0.0.1:1', database: url };
  const group = (name: string) => ({
    service: 'service',
    routes: [`GET /${name}`],
    tables: [{ legacy: name, service: name, forward: { id: 'id' }, reverse: { id: 'id' } }],
  });
  await migrateControl(
    compilePlan({
      control: { url },
      secret: 'only for this run, and at least 32 characters',
      monolith: side,
      services: { service: side },
      groups: { products: group('products'), orders: group('orders') },
    }),
  );
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query(
    `update route_group set phase = 'canary', epoch = 1, canary_percent = 50 where name = 'products'`,
  );
  await client.query(`update route_group set phase = 'migrated', epoch = 2 where name = 'orders'`);
  await client.end();
}

async function measureAll(): Promise<Run[]> {
  for (const peer of peers) await measure(peer, -1, Math.min(2, seconds), connections);
  const runs: Run[] = [];
  for (let round = 0; round < rounds; round++) {
    // Whoever runs first or last in a round has no lasting advantage.
    const order = peers.map((_, i) => peers[(i + round) % peers.length]).filter((peer) => peer !== undefined);
    for (const peer of order) {
      const run = await measure(peer, round, seconds, connections);
      runs.push(run);
      process.stdout.write(
        `${String(round).padStart(2)} ${run.peer.padEnd(22)} ${run.requestsPerSecond.toFixed(0).padStart(7)}/s  p99 ${run.p99Ms} ms${run.failed > 0 ? `  FAILED ${run.failed}` : ''}\n`,
      );
    }
  }
  return runs;
}

function report(runs: Run[]): void {
  const of = (peer: string, pick: (run: Run) => number | undefined) =>
    median(runs.filter((run) => run.peer === peer).flatMap((run) => pick(run) ?? []));
  const rate = (peer: string) => of(peer, (run) => run.requestsPerSecond);
  const runOf = (peer: string, round: number) =>
    runs.find((run) => run.peer === peer && run.round === round)?.requestsPerSecond ?? NaN;
  // Within a round, then the median: what else the machine does meanwhile falls on both.
  const ratioTo = (peer: string) =>
    median(Array.from({ length: rounds }, (_, round) => runOf('matapalo', round) / runOf(peer, round)));
  const ratios: Record<string, number> = {
    stock: ratioTo('stock'),
    dispatch: ratioTo('dispatch'),
    // What 10,000 routes cost: above 1 they are slower.
    routes10k: ratioTo('matapalo-10000-routes'),
  };
  if (peers.some((peer) => peer.name === 'nginx')) ratios['nginx'] = ratioTo('nginx');
  const medians = peers.map(({ name }) => ({
    peer: name,
    requestsPerSecond: rate(name),
    p99Ms: of(name, (run) => run.p99Ms),
    cpuMicrosPerRequest: of(name, (run) => run.cpuMicrosPerRequest),
    rssMiB: of(name, (run) => run.rssMiB),
    failed: runs.filter((run) => run.peer === name).reduce((sum, run) => sum + run.failed, 0),
  }));
  process.stdout.write(
    `\n${medians
      .map(
        (row) =>
          `${row.peer.padEnd(22)} ${row.requestsPerSecond.toFixed(0).padStart(7)}/s  p99 ${row.p99Ms.toFixed(1)} ms  ${row.cpuMicrosPerRequest.toFixed(1)} us/request  ${row.rssMiB.toFixed(0)} MiB`,
      )
      .join('\n')}\n\n`,
  );
  const targets: Record<string, string> = {
    stock: 'to reach >= 1.7',
    dispatch: 'to reach >= 0.85',
    routes10k: 'to reach <= 1.05',
    nginx: 'for comparison',
  };
  for (const [name, ratio] of Object.entries(ratios))
    process.stdout.write(`${name.padEnd(10)} ${ratio.toFixed(2)}  ${targets[name] ?? ''}\n`);
  if (values.json !== undefined) {
    const machine = { cpus: cpus().length, model: cpus()[0]?.model, node: process.version };
    writeFileSync(
      values.json,
      `${JSON.stringify({ ratios, medians, runs, rounds, seconds, connections, machine }, null, 2)}\n`,
    );
  }
}
