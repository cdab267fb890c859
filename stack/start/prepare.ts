import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join, resolve } from 'node:path';
import { ChildRegister, endLeftoverServers, lockDataDir, makeDataDir } from '../data-dir.ts';
import type { StartOptions } from './options.ts';

/** Files that only a start makes: a folder without any of them is somebody's, and is not removed. */
const marks = ['ports.json', 'supervisor.pid', 'children.json', 'postgres'];

/**
 * Makes sure that a start can work before it changes anything, while one line can still say what is in the way: the folder is
 * ours and nobody else's at the moment, what a killed supervisor left has ended, the ports are free. Leaves the folder locked.
 */
export async function prepare(options: StartOptions, onStep: (step: string) => void): Promise<void> {
  const dataDir = resolve(options.dataDir);
  if (existsSync(dataDir)) {
    if (!statSync(dataDir).isDirectory())
      throw new Error(`${dataDir} is no folder. Choose another with --data-dir.`);
    const names = readdirSync(dataDir);
    if (options.fresh && names.length > 0 && !names.some((name) => marks.includes(name)))
      throw new Error(
        `${dataDir} holds files that no start has made; --fresh would remove them. Choose another with --data-dir.`,
      );
  }
  makeDataDir(dataDir);
  // Before --fresh removes anything: a supervisor that lives still writes here.
  const unlock = lockDataDir(dataDir);
  try {
    const ended = [...new ChildRegister(dataDir).endLeftovers(), ...endLeftoverServers(dataDir)];
    if (ended.length > 0) onStep(`Ended what an earlier start left running: ${ended.join(', ')}`);
    await refuseTaken('--port', options.port);
    await refuseTaken('--operator-port', options.operatorPort);
    await forgetTaken(join(dataDir, 'ports.json'));
  } catch (error) {
    unlock();
    throw error;
  }
}

async function refuseTaken(option: string, port: number): Promise<void> {
  const reason = await whyTaken(port);
  if (reason !== undefined) throw new Error(`Port ${port} ${reason}. Choose another with ${option}.`);
}

/** Ports inside the stack are kept between starts where they can be; nobody has to know them. */
async function forgetTaken(file: string): Promise<void> {
  if (!existsSync(file)) return;
  const known = Object.entries(JSON.parse(readFileSync(file, 'utf8')) as Record<string, number>);
  const free = await Promise.all(
    known.map(async (entry) => ((await whyTaken(entry[1])) === undefined ? [entry] : [])),
  );
  writeFileSync(file, `${JSON.stringify(Object.fromEntries(free.flat()), null, 2)}\n`);
}

/** Why a port of 127.0.0.1 cannot be listened on; undefined when it can, or when any will do. */
async function whyTaken(port: number): Promise<string | undefined> {
  if (port === 0) return undefined;
  const server = createServer();
  return new Promise((done) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') done('is in use by another program');
      else if (error.code === 'EACCES') done('may not be opened by this user');
      else done(`cannot be opened (${error.message})`);
    });
    server.listen(port, '127.0.0.1', () => server.close(() => done(undefined)));
  });
}
