import { randomUUID } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { Agent, request } from 'undici';
import { runSql } from '../../test/foreign-monolith/run-sql.ts';
import { WalletStack } from '../../test/foreign-monolith/wallet-stack.ts';
import { startLoad } from '../../test/foreign-monolith/wallet-load.ts';

/**
 * Pause of switches and rollbacks at a steady rate of writes, as clients see it: the time that each request took whose
 * life overlapped the hold, from the first held to the release.
 */
const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '3' },
    rate: { type: 'string', default: '500' },
    json: { type: 'string' },
  },
});
const rounds = Number(values.rounds);
const rate = Number(values.rate);

interface Sent {
  startMs: number;
  endMs: number;
  status: number;
}

/** An open loop: a request every 1/rate seconds, whether or not the ones before have been answered. */
function writeSteadily(stack: WalletStack): { sent: Sent[]; stop(): Promise<void> } {
  const agent = new Agent({ connections: 256, headersTimeout: 20_000 });
  const sent: Sent[] = [];
  const open = new Set<Promise<void>>();
  let running = true;
  const send = async (number: number) => {
    const from = stack.wallets[number % stack.wallets.length];
    const to = stack.wallets[(number * 7 + 1) % stack.wallets.length];
    const startMs = Date.now();
    let status = 0;
    try {
      const response = await request(`${stack.proxyUrls[number % stack.proxyUrls.length]}/transfers`, {
        dispatcher: agent,
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ id: randomUUID(), from, to: to === from ? stack.wallets[0] : to, cents: 1 }),
      });
      await response.body.dump();
      status = response.statusCode;
    } catch {
      status = 0;
    }
    sent.push({ startMs, endMs: Date.now(), status });
  };
  const loop = (async () => {
    const began = performance.now();
    let number = 0;
    while (running) {
      const due = Math.floor(((performance.now() - began) / 1000) * rate);
      for (; number < due; number++) {
        const one = send(number).finally(() => open.delete(one));
        open.add(one);
      }
      await delay(1);
    }
  })();
  return {
    sent,
    async stop() {
      running = false;
      await loop;
      await Promise.all(open);
      await agent.close();
    },
  };
}

const percentile = (sorted: readonly number[], share: number) =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;

interface Round {
  kind: string;
  predictedMs: number | null;
  pauseMs: number | null;
  heldRequests: number;
  heldP50Ms: number;
  heldP99Ms: number;
  failed: number;
  measured: unknown;
}

async function move(stack: WalletStack, kind: 'switch' | 'rollback'): Promise<Round> {
  await stack.settle();
  await stack.verify(kind === 'switch' ? 'forward' : 'reverse');
  const writer = writeSteadily(stack);
  await delay(3_000);
  const { id, state, reason } = await stack.transition(kind);
  await delay(1_500);
  await writer.stop();
  if (state !== 'done') throw new Error(`${kind} ended ${state}: ${reason ?? ''}`);
  const { rows } = await runSql(
    stack.controlUrl,
    `select t.predicted_pause_ms as predicted, t.measured,
            (select extract(epoch from at) * 1000 from journal where transition_id = t.id and step = 'holding')::float8 as held,
            (select extract(epoch from at) * 1000 from journal where transition_id = t.id and step = 'published')::float8 as released
       from transition t where id = '${id}'`,
  );
  const row = rows[0] as {
    predicted: number | null;
    measured: { pauseMs?: number } | null;
    held: number;
    released: number;
  };
  // The journal names a step before its act: the release reaches the proxies some milliseconds later.
  const held = writer.sent.filter(
    (one) => one.endMs >= row.held && one.startMs <= row.released + 5 && one.endMs >= row.released,
  );
  const times = held.map((one) => one.endMs - one.startMs).sort((a, b) => a - b);
  return {
    kind,
    predictedMs: row.predicted,
    pauseMs: row.measured?.pauseMs ?? null,
    heldRequests: held.length,
    heldP50Ms: percentile(times, 0.5),
    heldP99Ms: percentile(times, 0.99),
    failed: writer.sent.filter((one) => one.status !== 201).length,
    measured: row.measured,
  };
}

const stack = new WalletStack({ proxies: 2 });
process.stdout.write('starting three clusters, monolith, service, operator, cdc and two proxies\n');
try {
  await stack.up();
  await stack.transition('sync');
  await stack.streaming();
  await stack.transition('shadow');
  const readers = startLoad({ urls: stack.proxyUrls, wallets: stack.wallets, clients: 2, thinkMs: 5 });
  await stack.compared(20);
  await readers.stop();
  const runs: Round[] = [];
  for (let round = 0; round < rounds; round++) {
    for (const kind of ['switch', 'rollback'] as const) {
      const one = await move(stack, kind);
      runs.push(one);
      process.stdout.write(
        `${kind.padEnd(9)} held ${one.heldRequests} p50 ${one.heldP50Ms} ms p99 ${one.heldP99Ms} ms; pause ${one.pauseMs} ms, predicted ${one.predictedMs} ms; failed ${one.failed} ${JSON.stringify(one.measured)}\n`,
      );
    }
  }
  const p99s = runs.map((one) => one.heldP99Ms).sort((a, b) => a - b);
  const report = {
    writesPerSecond: rate,
    heldP99MsMedian: percentile(p99s, 0.5),
    heldP99MsWorst: p99s.at(-1),
    failed: runs.reduce((sum, one) => sum + one.failed, 0),
    runs,
  };
  process.stdout.write(
    `median of held p99: ${report.heldP99MsMedian} ms, worst ${report.heldP99MsWorst} ms at ${rate} writes/s\n`,
  );
  if (values.json) writeFileSync(values.json, `${JSON.stringify(report, null, 2)}\n`);
  process.exitCode = report.failed === 0 ? 0 : 1;
} finally {
  await stack.down();
}
