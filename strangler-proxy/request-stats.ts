import type { Registry } from 'prom-client';
import { Counter } from '#kernel/metrics.ts';
import type { Phase, Side } from '#plan/phase.ts';

const boundsSeconds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
const methods = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);

interface Series {
  group: string;
  side: string;
  buckets: number[];
  sum: number;
  count: number;
  /** By `phase method class`. */
  answers: Map<string, number>;
}

/**
 * Requests and their durations by group and side. Counted in plain numbers and rendered when asked for: a label lookup with
 * each request would cost more than the routing.
 */
export class RequestStats {
  readonly #series = new Map<string, Series>();

  /** `seconds` from arrival to the end of the answer; a time held is part of it. */
  observe(
    group: string,
    side: Side | 'none',
    phase: Phase | 'none',
    method: string,
    status: number,
    seconds: number,
  ): void {
    const key = side === 'legacy' ? group : side === 'service' ? `${group} service` : `${group} none`;
    let series = this.#series.get(key);
    if (series === undefined) {
      series = { group, side, buckets: boundsSeconds.map(() => 0), sum: 0, count: 0, answers: new Map() };
      this.#series.set(key, series);
    }
    series.sum += seconds;
    series.count++;
    for (let i = 0; i < boundsSeconds.length; i++) {
      if (seconds <= (boundsSeconds[i] ?? 0)) {
        series.buckets[i] = (series.buckets[i] ?? 0) + 1;
        break;
      }
    }
    const answer = answerKey(phase, method, status);
    series.answers.set(answer, (series.answers.get(answer) ?? 0) + 1);
  }

  register(registry: Registry): void {
    const all = this.#series;
    new Counter({
      name: 'matapalo_proxy_requests_total',
      help: 'Requests answered, by group, side that answered, phase of the group, method and class of status.',
      labelNames: ['group', 'side', 'phase', 'method', 'status'],
      registers: [registry],
      collect() {
        this.reset();
        for (const { group, side, answers } of all.values()) {
          for (const [answer, count] of answers) {
            const [phase = 'none', method = 'other', status = ''] = answer.split(' ');
            this.inc({ group, side, phase, method, status }, count);
          }
        }
      },
    });
    const name = 'matapalo_proxy_request_duration_seconds';
    const help = 'Time from a request to the end of its answer, time held included.';
    registry.registerMetric({
      name,
      get: async () => ({
        name,
        help,
        type: 'histogram',
        aggregator: 'sum',
        values: histogramValues(name, all),
      }),
      reset: () => undefined,
    } as unknown as Parameters<Registry['registerMetric']>[0]);
  }
}

const classes = ['0xx', '1xx', '2xx', '3xx', '4xx', '5xx'];
const keys = new Map<string, Map<string, string[]>>();

/** Made once each: a request makes no string. */
function answerKey(phase: Phase | 'none', method: string, status: number): string {
  let ofPhase = keys.get(phase);
  if (ofPhase === undefined) keys.set(phase, (ofPhase = new Map<string, string[]>()));
  const bounded = methods.has(method) ? method : 'other';
  let row = ofPhase.get(bounded);
  if (row === undefined) ofPhase.set(bounded, (row = classes.map((one) => `${phase} ${bounded} ${one}`)));
  return row[Math.min(5, Math.floor(status / 100))] ?? `${phase} other 0xx`;
}

function histogramValues(name: string, all: ReadonlyMap<string, Series>) {
  const values: { metricName: string; labels: Record<string, string | number>; value: number }[] = [];
  for (const { group, side, buckets, sum, count } of all.values()) {
    let below = 0;
    boundsSeconds.forEach((le, i) => {
      below += buckets[i] ?? 0;
      values.push({ metricName: `${name}_bucket`, labels: { le, group, side }, value: below });
    });
    values.push({ metricName: `${name}_bucket`, labels: { le: '+Inf', group, side }, value: count });
    values.push({ metricName: `${name}_sum`, labels: { group, side }, value: sum });
    values.push({ metricName: `${name}_count`, labels: { group, side }, value: count });
  }
  return values;
}
