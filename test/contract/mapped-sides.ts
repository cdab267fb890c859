import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, expect } from 'vitest';
import type { GroupPlan } from '#plan/compile.ts';
import { resolveGroup, type Flows } from '#plan/mapping/load-flows.ts';
import { startCluster, type Cluster } from '#stack/clusters.ts';
import { carry, columnsOf, mappedSelect, rowsOf, targetOf } from './carry-rows.ts';

const root = join(import.meta.dirname, '../..');

/** Databases with the shop's real schemas, as the migrations of each side make them. */
export interface MappedSides {
  /** The monolith's, with sample rows. */
  legacy: pg.Client;
  /** The monolith's schema without a row: where the service's rows are carried back to. */
  emptyLegacy: pg.Client;
  service: pg.Client;
  /** The group's mapping, resolved against one of the monolith's databases. */
  flows(from: pg.Client): Promise<Flows>;
  /** Law: what is carried to the service reads, through the way back, as it was. */
  carriedAndBack(): Promise<void>;
  /** Law: what the service holds, carried back to an empty monolith, reads as it was through the way there. */
  backAndCarried(): Promise<void>;
}

/** For tests of a mapping: makes the databases of one group before the first of them. */
export function mappedSides(group: GroupPlan): MappedSides {
  let clusters: Cluster[] = [];
  let legacy: pg.Client;
  let emptyLegacy: pg.Client;
  let service: pg.Client;
  beforeAll(async () => {
    clusters = await Promise.all([startCluster(), startCluster()]);
    const [ofMonolith, ofService] = clusters as [Cluster, Cluster];
    legacy = await database(ofMonolith, 'shop', 'monolith/migrate.ts', '--seed', '--scale', '0.02');
    emptyLegacy = await database(ofMonolith, 'shop_empty', 'monolith/migrate.ts');
    service = await database(ofService, group.service.name, `services/${group.service.name}/migrate.ts`);
  });
  afterAll(async () => {
    for (const client of [legacy, emptyLegacy, service]) await client?.end();
    for (const cluster of clusters) await cluster.stop();
  });

  async function flows(from: pg.Client): Promise<Flows> {
    const { flows: found, problems } = await resolveGroup(group, from, service);
    expect(problems).toEqual([]);
    return found;
  }

  return {
    get legacy() {
      return legacy;
    },
    get emptyLegacy() {
      return emptyLegacy;
    },
    get service() {
      return service;
    },
    flows,
    async carriedAndBack() {
      const { forward, reverse } = await flows(legacy);
      await carry(legacy, service, forward);
      for (const flow of reverse) {
        const back = await rowsOf(service, flow, mappedSelect(flow));
        const there = await rowsOf(legacy, flow, `select ${columnsOf(flow)} from ${targetOf(flow)}`);
        expect(back).toBe(there);
        expect(JSON.parse(there)).not.toEqual([]);
      }
    },
    async backAndCarried() {
      const { forward, reverse } = await flows(emptyLegacy);
      await carry(service, emptyLegacy, reverse);
      for (const flow of forward) {
        const again = await rowsOf(emptyLegacy, flow, mappedSelect(flow));
        const there = await rowsOf(service, flow, `select ${columnsOf(flow)} from ${targetOf(flow)}`);
        expect(again).toBe(there);
      }
    },
  };
}

async function database(cluster: Cluster, name: string, ...script: string[]): Promise<pg.Client> {
  const url = await cluster.createDatabase(name);
  const run = spawnSync(process.execPath, script, {
    cwd: root,
    env: { ...process.env, DATABASE_URL: url },
    encoding: 'utf8',
  });
  if (run.status !== 0) throw new Error(`${script.join(' ')} failed:\n${run.stdout}${run.stderr}`);
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  return client;
}
