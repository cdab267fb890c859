import { setTimeout as delay } from 'node:timers/promises';
import { MatapaloError } from '#kernel/errors.ts';
import type { ConnectRest } from './rest.ts';

const timeoutMs = 60_000;

/** Stops a connector and waits until its task has ended: the slot is free. What is not there is no error. */
export async function stopConnector(rest: ConnectRest, name: string): Promise<void> {
  await eventually(`${name} to stop`, async () => {
    const status = await rest.status(name);
    if (status === undefined) return (await rest.config(name)) === undefined;
    if (status.state === 'STOPPED' && status.tasks.length === 0) return true;
    if (status.state !== 'STOPPED') await rest.stop(name);
    return false;
  });
}

/**
 * Removes a connector and all that Connect remembers of it: one of the same name, which a later sync declares, begins at its new
 * slot and not where this one has read to.
 */
export async function removeConnector(rest: ConnectRest, name: string): Promise<void> {
  await stopConnector(rest, name);
  await eventually(`${name} to be removed`, async () => {
    if ((await rest.config(name)) === undefined) return true;
    await rest.forgetOffsets(name);
    await rest.remove(name);
    return false;
  });
}

/** While Connect's workers agree on who runs what, it answers 409 (`unavailable`): asked again. */
async function eventually(what: string, done: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    try {
      if (await done()) return;
    } catch (error) {
      const passes = error instanceof MatapaloError && error.code === 'unavailable';
      if (!passes || Date.now() > deadline) throw error;
    }
    if (Date.now() > deadline)
      throw new MatapaloError('unavailable', `Waited ${timeoutMs} ms in vain for the connector ${what}.`, {
        hint: 'Look at the log of Kafka Connect. It is tried again.',
      });
    await delay(100);
  }
}
