import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { benchDebezium } from './debezium.ts';
import { drainRate, idleLag, nativePeer, ownPeer, type Peer } from './peers.ts';
import { startSides } from './sides.ts';

/**
 * `npm run bench:cdc`: our backfill and streaming against PostgreSQL's own logical replication, in one run on the same two
 * clusters, interleaved; medians, as ratios. `--quick` is a smoke test, `--json FILE` writes the figures. `--profile debezium` measures
 * the way over Kafka instead, against Debezium's connector to a bare consumer (debezium.ts).
 */
const { values } = parseArgs({
  options: {
    json: { type: 'string' },
    quick: { type: 'boolean' },
    only: { type: 'string' },
    profile: { type: 'string' },
  },
});
const quick = values.quick === true;
const wants = (part: string) => values.only === undefined || values.only.split(',').includes(part);
const rounds = quick ? 1 : 3;
const rows = quick ? 20_000 : 100_000;
const copyRows = quick ? 50_000 : 500_000;
// Hot keys go fast: a longer run, so that connecting is no part of the figure.
const updates = { uniform: quick ? 20_000 : 300_000, zipf: quick ? 20_000 : 600_000 };
const backlog = quick ? 50_000 : 1_000_000;

interface Run {
  measure: string;
  peer: 'native' | 'matapalo';
  value: number;
  unit: string;
}
const runs: Run[] = [];
const say = (text: string) => process.stdout.write(`${text}\n`);

function record(measure: string, peer: Run['peer'], value: number, unit: string): void {
  runs.push({ measure, peer, value, unit });
  say(
    `  ${measure.padEnd(14)} ${peer.padEnd(9)} ${value.toLocaleString('en', { maximumFractionDigits: 1 })} ${unit}`,
  );
}

function median(measure: string, peer: Run['peer']): number | undefined {
  const found = runs.filter((run) => run.measure === measure && run.peer === peer).map((run) => run.value);
  found.sort((a, b) => a - b);
  return found[Math.floor(found.length / 2)];
}

function ratio(measure: string): number | undefined {
  const [own, native] = [median(measure, 'matapalo'), median(measure, 'native')];
  return own === undefined || native === undefined ? undefined : Math.round((own / native) * 1_000) / 1_000;
}

if (values.profile === 'debezium') {
  const figures = await benchDebezium(quick, say);
  if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(figures, null, 2)}\n`);
  process.exit(0);
}

const sides = await startSides();
try {
  if (wants('backfill')) {
    say(`backfill of ${copyRows} rows`);
    for (let round = 0; round < rounds; round++) {
      for (const [kind, make] of [
        ['native', nativePeer],
        ['matapalo', ownPeer],
      ] as const) {
        const peer = await make(sides, `copy_${kind}_${round}`, copyRows);
        record('backfill', kind, copyRows / (peer.backfillMs / 1_000), 'rows/s');
        await peer.close();
      }
    }
  }
  if (wants('stream') || wants('lag')) {
    const native = await nativePeer(sides, 'stream_native', rows);
    const own = await ownPeer(sides, 'stream_own', rows);
    const peers: [Run['peer'], Peer][] = [
      ['native', native],
      ['matapalo', own],
    ];
    for (const keys of wants('stream') ? (['uniform', 'zipf'] as const) : []) {
      say(`streaming ${updates[keys]} updates, ${keys} keys`);
      for (let round = 0; round < rounds; round++) {
        for (const [kind, peer] of peers) {
          // The other one rests, so that they do not share the processors.
          const other = peer === native ? own : native;
          await other.pause();
          record(keys, kind, await drainRate(peer, rows, updates[keys], keys), 'rows/s');
          await other.resume();
          await other.caughtUp();
        }
      }
    }
    if (wants('lag')) {
      say('idle lag');
      record('idleLag', 'matapalo', await idleLag(own, quick ? 10 : 100), 'ms');
    }
    await native.close();
    await own.close();
  }
  if (wants('rss')) {
    say(`memory over a backlog of ${backlog} rows`);
    const peer = await ownPeer(sides, 'rss', rows);
    record('backlog', 'matapalo', await drainRate(peer, rows, backlog, 'uniform'), 'rows/s');
    record('rss', 'matapalo', peer.peakRssMiB() ?? NaN, 'MiB');
    await peer.close();
  }
} finally {
  await sides.stop();
}

const report = {
  ratios: { backfill: ratio('backfill'), streamUniform: ratio('uniform'), streamZipf: ratio('zipf') },
  idleLagP50Ms: median('idleLag', 'matapalo'),
  rssMiB: median('rss', 'matapalo'),
  runs,
};
say(JSON.stringify({ ...report, runs: undefined }, null, 2));
if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(report, null, 2)}\n`);
