import { Counter, createRegistry, Gauge, Histogram, type Registry } from '#kernel/metrics.ts';

/** What this operator process tells Prometheus of its own doing. Labels are bounded: kinds, outcomes, gates. */
export class Metrics {
  readonly registry: Registry = createRegistry('operator');
  readonly leading = new Gauge({
    name: 'matapalo_operator_leading',
    help: '1 while this operator leads.',
    registers: [this.registry],
  });
  readonly transitions = new Histogram({
    name: 'matapalo_transition_duration_seconds',
    help: 'Duration of transitions that this operator carried out, by outcome.',
    labelNames: ['kind', 'state'],
    buckets: [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300],
    registers: [this.registry],
  });
  readonly pause = new Histogram({
    name: 'matapalo_handover_pause_seconds',
    help: 'Time from the hold to the published route table of a switch or rollback.',
    labelNames: ['kind'],
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    registers: [this.registry],
  });
  readonly gateFailures = new Counter({
    name: 'matapalo_gate_failures_total',
    help: 'Transitions refused, by the gate that was not met.',
    labelNames: ['kind', 'gate'],
    registers: [this.registry],
  });
}
