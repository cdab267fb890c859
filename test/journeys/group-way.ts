import { setTimeout as delay } from 'node:timers/promises';
import { expect } from 'vitest';
import type { OperatorApi } from '#stack/demo/operator-api.ts';

/** A group's way with the real tool: each step waits for what it needs, and verifies before ownership moves. */
export class GroupWay {
  readonly #api: OperatorApi;
  readonly #group: string;

  constructor(api: OperatorApi, group: string) {
    this.#api = api;
    this.#group = group;
  }

  sync() {
    return this.#move('sync');
  }

  async shadow() {
    await this.#streaming();
    await this.#move('shadow');
  }

  canary(percent: number) {
    return this.#move('canary', { percent });
  }

  async switch() {
    await this.#verify('forward');
    await this.#move('switch');
  }

  async rollback() {
    await this.#verify('reverse');
    await this.#move('rollback');
  }

  async retire() {
    await this.#verify('reverse');
    await this.#move('retire');
  }

  #move(kind: string, body: Record<string, unknown> = {}) {
    return this.#api.transit(this.#group, kind, body, 60_000);
  }

  async #verify(direction: 'forward' | 'reverse') {
    expect(await this.#api.verify(this.#group, direction)).toMatchObject({ differences: 0 });
  }

  async #streaming() {
    for (;;) {
      const { sync, stopped } = await this.#api.group(this.#group);
      expect(stopped).toBeFalsy();
      if (sync.length === 2 && sync.every(({ state }) => state === 'streaming')) return;
      await delay(100);
    }
  }
}
