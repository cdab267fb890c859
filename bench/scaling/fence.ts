import { parseArgs } from 'node:util';
import { simulateFence } from './fence-model.ts';

/** `node bench/scaling/fence.ts [--changes 40000] [--applier 50000]`: the table of docs/scaling.md. Simulated, not measured. */
const { values } = parseArgs({
  options: {
    changes: { type: 'string', default: '40000' },
    applier: { type: 'string', default: '50000' },
  },
});
const changesPerSecond = Number(values.changes);
const applierPerSecond = Number(values.applier);
process.stdout.write(
  `${changesPerSecond} changes/s, ${applierPerSecond} changes/s an applier\n` +
    '| partitions | keys | largest share | busiest applier | fence p50 | fence p99 |\n|---|---|---|---|---|---|\n',
);
for (const skew of [0, 1]) {
  for (const partitions of [1, 2, 4, 8, 16]) {
    const result = simulateFence({
      partitions,
      changesPerSecond,
      applierPerSecond,
      skew,
      beatMs: { p50: 4, p99: 20 },
      seconds: 120,
      seed: 1,
    });
    const { largestShare, utilisation, waitMs } = result;
    process.stdout.write(
      `| ${partitions} | ${skew === 0 ? 'uniform' : 'Zipf'} | ${(largestShare * 100).toFixed(1)} % | ${(utilisation * 100).toFixed(0)} % | ` +
        `${waitMs.p50.toFixed(1)} ms | ${waitMs.p99.toFixed(1)} ms |\n`,
    );
  }
}
