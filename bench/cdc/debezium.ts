import { setTimeout as delay } from 'node:timers/promises';
import { connectorConfig } from '#cdc/connect/connector-config.ts';
import { removeConnector, stopConnector } from '#cdc/connect/end-connector.ts';
import { kafkaClient } from '#cdc/connect/kafka-client.ts';
import { ConnectRest } from '#cdc/connect/rest.ts';
import { ensureTopic } from '#cdc/connect/topic.ts';
import { ensurePublication, ensureSlot } from '#cdc/capture/direct/objects.ts';
import { beat } from '#guard/ownership.ts';
import { createLog } from '#kernel/log.ts';
import { groupOf } from '#plan/compile.ts';
import type { DebeziumConfig } from '#plan/debezium-config.ts';
import { syncName, topicName } from '#plan/names.ts';
import { startKafka } from '#stack/kafka/kafka.ts';
import { drainRate, idleLag, ownPeer, until, type Peer } from './peers.ts';
import { createDatabases, createPlan, startSides, type Sides } from './sides.ts';

const log = createLog('bench', 'silent');

/**
 * A backlog of the source until it is committed in the target, against the same connector and topic read by a consumer that does
 * nothing with it: what our own part costs. Interleaved, in one run.
 */
export async function benchDebezium(quick: boolean, say: (text: string) => void) {
  const rounds = quick ? 1 : 3;
  const rows = quick ? 20_000 : 100_000;
  const updates = quick ? 40_000 : 200_000;
  const rates: Record<'bare' | 'matapalo', number[]> = { bare: [], matapalo: [] };
  const kafka = await startKafka();
  const sides = await startSides();
  try {
    const bare = await barePeer(sides, 'bare', rows, kafka.config);
    const own = await ownPeerResting(sides, 'own', rows, kafka.config);
    await own.pause();
    for (let round = 0; round < rounds; round++) {
      const order = [
        ['bare', bare],
        ['matapalo', own],
      ] as const;
      // Java gets faster with every run: neither is always the later one.
      for (const [kind, peer] of round % 2 === 0 ? order : order.toReversed()) {
        const rate = await drainRate(peer, rows, updates, 'uniform');
        rates[kind].push(rate);
        say(`  ${kind.padEnd(9)} ${Math.round(rate).toLocaleString('en')} rows/s`);
        await peer.pause();
      }
    }
    await own.resume();
    await own.caughtUp();
    const idleLagP50Ms = await idleLag(own, quick ? 10 : 100);
    const rssMiB = own.peakRssMiB();
    await own.close();
    await bare.close();
    const median = (values: number[]) => values.sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;
    const figures = {
      ratio: Math.round((median(rates.matapalo) / median(rates.bare)) * 1_000) / 1_000,
      idleLagP50Ms: Math.round(idleLagP50Ms * 10) / 10,
      rssMiB: rssMiB === undefined ? undefined : Math.round(rssMiB),
      rowsPerSecond: rates,
    };
    say(JSON.stringify(figures, null, 2));
    return figures;
  } finally {
    await sides.stop();
    await kafka.stop();
  }
}

/** Ours; while it rests its connectors rest too. */
async function ownPeerResting(
  sides: Sides,
  name: string,
  rows: number,
  config: DebeziumConfig,
): Promise<Peer> {
  const peer = await ownPeer(sides, name, rows, config);
  const rest = new ConnectRest(config.connect);
  const names = [syncName(name, 'forward'), syncName(name, 'reverse')];
  return {
    ...peer,
    async pause() {
      await peer.pause();
      for (const connector of names) await stopConnector(rest, connector);
    },
    async resume() {
      for (const connector of names) await rest.resume(connector);
      await peer.resume();
    },
    async close() {
      await peer.close();
      for (const connector of names) await removeConnector(rest, connector);
      await rest.close();
    },
  };
}

/** The same connector, whose topic is only counted. */
async function barePeer(sides: Sides, name: string, rows: number, config: DebeziumConfig): Promise<Peer> {
  const databases = await createDatabases(sides, name, rows, true);
  const { plan, control } = await createPlan(sides, databases, config);
  const group = groupOf(plan, name);
  const topic = topicName(name, 'forward');
  const connector = syncName(name, 'forward');
  const kafka = kafkaClient(config.kafka, 'bench', log);
  const rest = new ConnectRest(config.connect);
  await ensurePublication(databases.source, group, 'forward');
  await ensureSlot(databases.source, connector);
  await ensureTopic(kafka, topic, config.kafka);
  await rest.putConfig(connector, connectorConfig(group, 'forward', config.connect));
  const consumer = kafka.consumer({
    groupId: 'bench',
    maxWaitTimeInMs: 250,
    maxBytes: 16 * 1024 * 1024,
    maxBytesPerPartition: 4 * 1024 * 1024,
  });
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  let newest: Buffer | null = null;
  await consumer.run({
    eachBatch: async ({ batch }) => {
      // The end of a transaction comes last; before it, its last row.
      newest = batch.messages.at(-2)?.value ?? batch.messages.at(-1)?.value ?? newest;
    },
  });
  return {
    databases,
    backfillMs: 0,
    pause: () => stopConnector(rest, connector),
    async resume() {
      await rest.resume(connector);
    },
    async caughtUp() {
      const written = await beat(databases.source, name);
      const wanted = `"n":${written?.n},`;
      await until(async () => newest?.includes(wanted) ?? false);
      await delay(0);
    },
    peakRssMiB: () => undefined,
    async close() {
      await consumer.disconnect();
      await removeConnector(rest, connector);
      await rest.close();
      for (const pool of [databases.source, databases.target, control]) await pool.end();
    },
  };
}
