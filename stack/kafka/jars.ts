import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';

const pom = resolve(import.meta.dirname, '../../cdc/connect/pom.xml');
const mainJar = 'kafka-server-';

export interface Jars {
  /** Class path of Kafka and Kafka Connect. */
  classPath: string;
  /** Connect's `plugin.path`: the Debezium connector. */
  plugins: string;
}

/** Folder of the jars that this pom.xml names; another pom has another folder. `MATAPALO_JARS` names the parent. */
export function jarsFolder(): string {
  const parent = process.env['MATAPALO_JARS'] ?? join(homedir(), '.cache', 'matapalo', 'jars');
  return join(parent, createHash('sha256').update(readFileSync(pom)).digest('hex').slice(0, 12));
}

/** Why Kafka cannot be run here, in words for a person; undefined when it can. */
export function kafkaMissing(): string | undefined {
  if (!runs('java', '-version')) return 'Kafka needs Java 17 or later: there is no `java` on the PATH.';
  if (!existsSync(jarsFolder()) && !runs('mvn', '--version'))
    return 'The jars of Kafka are fetched by Maven: there is no `mvn` on the PATH.';
  return undefined;
}

function runs(command: string, argument: string): boolean {
  return spawnSync(command, [argument], { stdio: 'ignore' }).status === 0;
}

/** Fetches the jars where they are missing (about 80 MB, once). */
export async function ensureJars(onStep: (step: string) => void = () => undefined): Promise<Jars> {
  const folder = jarsFolder();
  const missing = kafkaMissing();
  if (missing !== undefined) throw new Error(`${missing} Install it, or use the direct transport.`);
  if (!existsSync(folder)) {
    onStep(`Fetching Kafka, Connect and Debezium into ${folder} (once, about 80 MB)`);
    // Renamed when complete: a start that was cut off leaves no half folder that looks whole.
    const partial = `${folder}.${process.pid}`;
    rmSync(partial, { recursive: true, force: true });
    mkdirSync(partial, { recursive: true });
    await maven(partial, onStep);
    try {
      renameSync(partial, folder);
    } catch (error) {
      // Another process was faster.
      rmSync(partial, { recursive: true, force: true });
      if (!existsSync(folder)) throw error;
    }
  }
  return { classPath: join(folder, 'kafka', '*'), plugins: join(folder, 'plugins') };
}

async function maven(target: string, onStep: (step: string) => void): Promise<void> {
  // `target` is only named in the pom: the plugins write nowhere else.
  const args = ['--batch-mode', '--no-transfer-progress', '-f', pom, 'package', `-Djars=${target}`];
  const child = spawn('mvn', args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  const seen = (chunk: Buffer) => {
    output += chunk.toString();
    for (const [, jar] of chunk.toString().matchAll(/Copying (\S+\.jar)|Unpacking /g))
      if (jar?.startsWith(mainJar)) onStep(`  ${jar}`);
  };
  child.stdout.on('data', seen);
  child.stderr.on('data', seen);
  const code = await new Promise<number>((done, reject) => {
    child.once('error', reject);
    child.once('close', (exit) => done(exit ?? 1));
  });
  if (code !== 0) {
    const lines = output.trimEnd().split('\n').slice(-12).join('\n');
    throw new Error(`Maven could not fetch the jars that ${pom} names (exit ${code}):\n${lines}`);
  }
}
