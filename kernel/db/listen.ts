import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import type { Log } from '../log.ts';

export interface Listener {
  close(): Promise<void>;
}

/**
 * LISTEN on one connection that is made again when it breaks. `onNotify` is also called after every (re)connect with
 * `undefined`, because notifications of the meantime are gone: read the state anew then.
 */
export function listenTo(
  url: string,
  channels: readonly string[],
  onNotify: (channel: string | undefined, payload: string) => void,
  log: Log,
): Listener {
  let closed = false;
  let current: pg.Client | undefined;
  const connect = async () => {
    for (let attempt = 0; !closed; attempt++) {
      const client = new pg.Client({
        connectionString: url,
        keepAlive: true,
        application_name: 'matapalo listen',
      });
      try {
        const lost = new Promise<void>((resolve) => {
          client.once('end', () => resolve());
          client.once('error', () => resolve());
        });
        client.on('error', () => undefined);
        client.on('notification', (message) => onNotify(message.channel, message.payload ?? ''));
        await client.connect();
        current = client;
        for (const channel of channels) await client.query(`listen "${channel}"`);
        attempt = 0;
        onNotify(undefined, '');
        await lost;
      } catch (error) {
        if (attempt === 0 && !closed)
          log.warn({ err: error }, 'cannot listen for notifications; trying again');
      }
      client.end().catch(() => undefined);
      if (!closed) await delay(Math.min(2_000, 100 * 2 ** Math.min(attempt, 5)));
    }
  };
  const done = connect();
  return {
    async close() {
      closed = true;
      await current?.end().catch(() => undefined);
      await Promise.race([done, delay(2_500)]);
    },
  };
}
