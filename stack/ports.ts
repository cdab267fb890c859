import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort } from './clusters.ts';
import type { ServiceName } from './services.ts';

const fixed = [
  'proxy',
  'operator',
  'monolith',
  'payments',
  'cdc',
  'legacyDb',
  'servicesDb',
  'controlDb',
] as const;

export type Ports = Record<(typeof fixed)[number], number> & {
  services: Partial<Record<ServiceName, number>>;
};

/** Ports are kept between starts, so that URLs stay the same; one that was taken meanwhile has been forgotten. */
export async function choosePorts(
  dataDir: string,
  services: readonly ServiceName[],
  wanted: { port?: number; operatorPort?: number },
): Promise<Ports> {
  const file = join(dataDir, 'ports.json');
  const known = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Record<string, number>) : {};
  if (wanted.port !== undefined) known['proxy'] = wanted.port;
  if (wanted.operatorPort !== undefined) known['operator'] = wanted.operatorPort;
  for (const name of [...fixed, ...services]) known[name] ||= await freePort();
  writeFileSync(file, `${JSON.stringify(known, null, 2)}\n`);
  const portOf = (name: string) => known[name] ?? 0;
  return {
    proxy: portOf('proxy'),
    operator: portOf('operator'),
    monolith: portOf('monolith'),
    payments: portOf('payments'),
    cdc: portOf('cdc'),
    legacyDb: portOf('legacyDb'),
    servicesDb: portOf('servicesDb'),
    controlDb: portOf('controlDb'),
    services: Object.fromEntries(services.map((name) => [name, portOf(name)])),
  };
}
