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
  const closed = new AbortController();
  let current: pg.Client | undefined;
  const connect = async () => {
    for (let attempt = 0; !closed.signal.aborted; attempt++) {
      const client = new pg.Client({
        connectionString: url,
        keepAlive: true,
        connectionTimeoutMillis: 5_000,
        application_name: 'matapalo listen',
      });
      // From here on, not from when it is connected: closing must reach one that is still on its way.
      current = client;
      try {
        const lost = new Promise<void>((resolve) => {
          client.once('end', () => resolve());
          client.once('error', () => resolve());
        });
        client.on('error', () => undefined);
        client.on('notification', (message) => onNotify(message.channel, message.payload ?? ''));
        // pg leaves `connect` pending for ever when `end` is called meanwhile.
        await Promise.race([client.connect(), lost]);
        closed.signal.throwIfAborted();
        for (const channel of channels) await client.query(`listen "${channel}"`);
        attempt = 0;
        onNotify(undefined, '');
        await lost;
      } catch (error) {
        if (attempt === 0 && !closed.signal.aborted)
          log.warn({ err: error }, 'cannot listen for notifications; trying again');
      }
      client.end().catch(() => undefined);
      await delay(Math.min(2_000, 100 * 2 ** Math.min(attempt, 5)), undefined, {
        signal: closed.signal,
      }).catch(() => undefined);
    }
  };
  const done = connect();
  return {
    async close() {
      closed.abort();
      const ended = current?.end().catch(() => undefined);
      // A server that does not answer is not waited for.
      await Promise.race([Promise.all([ended, done]), delay(2_500, undefined, { ref: false })]);
    },
  };
}
