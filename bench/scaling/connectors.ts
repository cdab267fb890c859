import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { ensurePublication } from '#cdc/capture/direct/objects.ts';
import { connectorConfig } from '#cdc/connect/connector-config.ts';
import { kafkaClient } from '#cdc/connect/kafka-client.ts';
import { ConnectRest } from '#cdc/connect/rest.ts';
import { ensureTopic } from '#cdc/connect/topic.ts';
import { beat } from '#guard/ownership.ts';
import { startKafka } from '#stack/kafka/kafka.ts';
import { quietLog, startTwoSides, type Pair } from '#test/two-sides.ts';
import { cpuMs, ownBytes } from './cpu.ts';

/**
 * `node bench/scaling/connectors.ts`: what one more connector costs a worker of Kafka Connect that has little to do: each
 * reads a slot of its own, to which one beat a second comes. Heap after a collection, memory, threads' processor time. Needs Java.
 */
const { values } = parseArgs({ options: { json: { type: 'string' }, quick: { type: 'boolean' } } });
const counts = values.quick ? [1, 2] : [1, 4, 8, 16];
const watchMs = values.quick ? 2_000 : 8_000;

interface Figure {
  connectors: number;
  heapBytes: number;
  memoryBytes: number;
  /** Processor time a second. */
  cpuMsPerSecond: number;
}

const sides = await startTwoSides();
const stack = await startKafka();
const figures: Figure[] = [];
try {
  const pair = await sides.pair({ guard: true });
  await ensurePublication(pair.legacyPool, pair.group, 'forward');
  const rest = new ConnectRest(stack.config.connect);
  for (let made = 0; made < Math.max(...counts); made++) {
    await declare(pair, rest, made);
    if (!counts.includes(made + 1)) continue;
    const figure = await look(pair, made + 1);
    figures.push(figure);
    process.stdout.write(`${JSON.stringify(figure)}\n`);
  }
  for (const name of await rest.names()) await rest.remove(name);
  await rest.close();
} finally {
  await stack.stop();
  await sides.stop();
}
if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(figures, null, 2)}\n`);

/** One more connector on the same tables, with its own slot and topic, running. */
async function declare(pair: Pair, rest: ConnectRest, number: number): Promise<void> {
  const slot = `scaling_${number}`;
  const topic = `scaling.${number}`;
  await pair.legacyPool.query(`select pg_create_logical_replication_slot($1, 'pgoutput')`, [slot]);
  await ensureTopic(kafkaClient(stack.config.kafka, 'scaling', quietLog), topic);
  await rest.putConfig(slot, {
    ...connectorConfig(pair.group, 'forward'),
    'slot.name': slot,
    'topic.prefix': topic,
    'transforms.route.replacement': topic,
  });
  const deadline = Date.now() + 60_000;
  for (;;) {
    const { rows } = await pair.legacyPool.query(
      'select from pg_replication_slots where slot_name = $1 and active',
      [slot],
    );
    if (rows.length === 1) return;
    if (Date.now() > deadline)
      throw new Error(`${slot} does not run: ${JSON.stringify(await rest.status(slot))}`);
    await delay(100);
  }
}

async function look(pair: Pair, connectors: number): Promise<Figure> {
  const { pid } = stack.connect;
  // What starting them cost is no part of it.
  await delay(2_000);
  const before = cpuMs(pid);
  const startedAt = performance.now();
  while (performance.now() - startedAt < watchMs) {
    await beat(pair.legacyPool, pair.group.name);
    await delay(1_000);
  }
  const cpuMsPerSecond = Math.round(((cpuMs(pid) - before) * 1_000) / (performance.now() - startedAt));
  return { connectors, heapBytes: heapAfterCollection(pid), memoryBytes: ownBytes(pid), cpuMsPerSecond };
}

function heapAfterCollection(pid: number): number {
  const jcmd = (command: string) => spawnSync('jcmd', [String(pid), command], { encoding: 'utf8' }).stdout;
  jcmd('GC.run');
  const used = [...jcmd('GC.heap_info').matchAll(/(?:generation|heap)\s+total \d+K, used (\d+)K/g)];
  return used.reduce((sum, match) => sum + Number(match[1]), 0) * 1024;
}
