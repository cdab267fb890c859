import { EventEmitter } from 'node:events';
import { listenTo, type Listener } from '#kernel/db/listen.ts';
import type { Log } from '#kernel/log.ts';
import { channels } from '#plan/names.ts';

export type WakeChannel = keyof typeof channels;

/** Notifications of the control database, for waits that also look by themselves now and then. */
export class Wake {
  readonly #emitter = new EventEmitter().setMaxListeners(0);
  readonly #listener: Listener;

  constructor(controlUrl: string, log: Log) {
    this.#listener = listenTo(
      controlUrl,
      Object.values(channels),
      (channel) => {
        // After a reconnect anything may have happened.
        if (channel === undefined) for (const name of Object.values(channels)) this.#emitter.emit(name);
        else this.#emitter.emit(channel);
      },
      log,
    );
  }

  /** Resolves at the next notification, or after `timeoutMs`; rejects when the signal is aborted. */
  next(channel: WakeChannel, timeoutMs: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const end = (settle: () => void) => {
        clearTimeout(timer);
        this.#emitter.off(channels[channel], woken);
        signal?.removeEventListener('abort', aborted);
        settle();
      };
      const woken = () => end(resolve);
      const aborted = () => end(() => reject(signal?.reason));
      const timer = setTimeout(woken, timeoutMs);
      this.#emitter.on(channels[channel], woken);
      signal?.addEventListener('abort', aborted);
      if (signal?.aborted) aborted();
    });
  }

  close(): Promise<void> {
    return this.#listener.close();
  }
}
