import type { RoutePlan } from '#plan/compile.ts';
import type { Marks } from '../control/marks.ts';
import type { Capture } from '../forward/capture.ts';
import type { Upstream } from '../forward/upstream.ts';
import type { Target } from '../route-table/normalise-target.ts';
import type { GroupEntry } from '../route-table/table.ts';
import { ask, type Answer } from './ask.ts';
import { compareAnswers, firstDifference } from './compare.ts';
import type { Results, ShadowClass } from './results.ts';

/** An answered request to be repeated at the service. */
export interface ShadowRequest {
  capture: Capture;
  route: RoutePlan;
  group: GroupEntry;
  target: Target;
  method: string;
  headers: readonly string[];
}

export interface ShadowOptions {
  monolith: Upstream;
  services: ReadonlyMap<string, Upstream>;
  marks: Marks;
  results: Results;
  /** Copies under way at once. */
  concurrency?: number;
  /** Copies that may wait; beyond it they are dropped and counted. */
  maxQueued?: number;
  /** How long a difference waits for the service to catch up. */
  catchUpMs?: number;
}

const restMs = 500;
/** How often a difference is looked at before it counts. */
const looks = 3;

interface Look {
  differs: ShadowClass;
  sample?: Parameters<Results['sample']>[3];
}

/** Repeats safe requests at the service and compares. Never in a client's way: after its answer, bounded, and droppable. */
export class Shadow {
  readonly #options: ShadowOptions;
  readonly #queue: ShadowRequest[] = [];
  #running = 0;
  /** Differences that wait for the service: they hold no place among the copies, but are bounded as well. */
  #rechecking = 0;
  #closed = false;
  #resting: NodeJS.Timeout | undefined;

  constructor(options: ShadowOptions) {
    this.#options = options;
  }

  wants(route: RoutePlan | undefined): boolean {
    if (route?.shadow === undefined || this.#closed) return false;
    return route.shadow.sample >= 1 || Math.random() < route.shadow.sample;
  }

  submit(request: ShadowRequest): void {
    if (this.#closed) return;
    if (this.#queue.length >= (this.#options.maxQueued ?? 200) || request.capture.body() === undefined) {
      this.#options.results.skipped(request.group.name);
      return;
    }
    this.#queue.push(request);
    this.#next();
  }

  /** Copies nothing for a while: clients whose requests were held come first. What arrives meanwhile waits, within bounds. */
  rest(): void {
    clearTimeout(this.#resting);
    this.#resting = setTimeout(() => {
      this.#resting = undefined;
      this.#next();
    }, restMs);
    this.#resting.unref();
  }

  get pending(): number {
    return this.#queue.length + this.#running + this.#rechecking;
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#resting);
    this.#queue.length = 0;
  }

  #next(): void {
    while (this.#resting === undefined && this.#running < (this.#options.concurrency ?? 8)) {
      const request = this.#queue.shift();
      if (request === undefined) return;
      this.#running++;
      void this.#copy(request)
        .catch(() => this.#options.results.skipped(request.group.name))
        .finally(() => {
          this.#running--;
          this.#next();
        });
    }
  }

  async #copy(request: ShadowRequest): Promise<void> {
    const { results } = this.#options;
    const legacy = answerOf(request.capture);
    const service = await this.#askService(request);
    if (compareAnswers(legacy, service, ignored(request)) === 'equal') {
      results.count(request.group.name, routeName(request.route), 'equal');
      return;
    }
    if (this.#rechecking >= 50) {
      results.skipped(request.group.name);
      return;
    }
    this.#rechecking++;
    void this.#recheck(request)
      .catch(() => results.skipped(request.group.name))
      .finally(() => this.#rechecking--);
  }

  /**
   * A difference counts against the code only when nothing else explains it, look after look: a list that changed twice
   * between a look's questions differs as code does, but not every time.
   */
  async #recheck(request: ShadowRequest): Promise<void> {
    const { results, marks } = this.#options;
    const name = request.group.name;
    const route = routeName(request.route);
    for (let left = looks; ; left--) {
      const before = await ask(this.#options.monolith, request);
      const caughtUp = await marks.caughtUp(name, this.#options.catchUpMs ?? 10_000);
      if (this.#closed || !caughtUp) {
        results.skipped(name);
        return;
      }
      const look = await this.#look(request, before);
      if (look.differs !== 'lag' && look.differs !== 'noise' && left > 1) continue;
      results.count(name, route, look.differs);
      if (look.sample !== undefined) results.sample(name, route, look.differs, look.sample);
      return;
    }
  }

  /**
   * Asks the service, which has caught up with all that was written before `before`, then the monolith again. What differs
   * between the monolith's own two answers is noise, or changed meanwhile.
   */
  async #look(request: ShadowRequest, before: Answer): Promise<Look> {
    const service = await this.#askService(request);
    const after = await ask(this.#options.monolith, request);
    const ignore = ignored(request);
    if (isEqual(before, service, ignore) || isEqual(after, service, ignore)) return { differs: 'lag' };
    const differs = compareAnswers(after, service, ignore, before);
    if (differs === 'equal') return { differs: 'noise' };
    return {
      differs,
      sample: {
        method: request.method,
        target: request.target.path + request.target.query,
        legacyStatus: after.status,
        serviceStatus: service.status,
        ...firstDifference(after, service, ignore, before),
      },
    };
  }

  #askService(request: ShadowRequest): Promise<Answer> {
    const service = this.#options.services.get(request.group.plan.service.name);
    if (service === undefined) throw new Error(`Group ${request.group.name} has no service to ask.`);
    return ask(service, request, ['matapalo-shadow', '1']);
  }
}

function isEqual(one: Answer, other: Answer, ignore: readonly string[]): boolean {
  return compareAnswers(one, other, ignore) === 'equal';
}

function ignored(request: ShadowRequest): readonly string[] {
  return request.route.shadow?.ignore ?? [];
}

function routeName(route: RoutePlan): string {
  return `${route.method} ${route.path}`;
}

function answerOf(capture: Capture): Answer {
  return { status: capture.status, headers: capture.headers, body: capture.body() ?? Buffer.alloc(0) };
}
