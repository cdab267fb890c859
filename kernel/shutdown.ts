import { describeError, MatapaloError } from './errors.ts';
import type { Log } from './log.ts';

/** Closes what was opened, newest first, once, on SIGTERM or SIGINT. */
export class Shutdown {
  readonly #log: Log;
  readonly #steps: { name: string; close: () => Promise<unknown> | void }[] = [];
  readonly #timeoutMs: number;
  #running: Promise<void> | undefined;

  constructor(log: Log, timeoutMs = 15_000) {
    this.#log = log;
    this.#timeoutMs = timeoutMs;
  }

  add(name: string, close: () => Promise<unknown> | void): void {
    this.#steps.push({ name, close });
  }

  /** Ends the process with 0 when all closed in time, with 1 when something hung. */
  onSignals(): void {
    const end = (signal: string) => {
      if (this.#running) return;
      this.#log.info({ signal }, 'stopping');
      const timer = setTimeout(() => {
        this.#log.error('stopping took too long; ending now');
        process.exit(1);
      }, this.#timeoutMs);
      void this.close().then(() => {
        clearTimeout(timer);
        process.exit(0);
      });
    };
    process.once('SIGTERM', () => end('SIGTERM'));
    process.once('SIGINT', () => end('SIGINT'));
  }

  close(): Promise<void> {
    this.#running ??= (async () => {
      for (const step of this.#steps.reverse()) {
        try {
          await step.close();
        } catch (error) {
          this.#log.warn({ err: error, step: step.name }, 'did not close cleanly');
        }
      }
    })();
    return this.#running;
  }
}

/** Runs a process's main: what fails is said in one line with what to do, and decides the exit code. */
export function runMain(log: Log, main: (shutdown: Shutdown) => Promise<void>): void {
  const shutdown = new Shutdown(log);
  shutdown.onSignals();
  main(shutdown).catch(async (error: unknown) => {
    if (error instanceof MatapaloError) log.fatal({ code: error.code, hint: error.hint }, error.message);
    else log.fatal({ err: error }, describeError(error));
    await shutdown.close();
    process.exit(error instanceof MatapaloError ? error.exitCode : 1);
  });
}
