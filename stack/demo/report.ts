import type { Findings } from './auditor/findings.ts';
import type { DemoOptions } from './options.ts';
import { percentile, type Meter } from './shoppers/meter.ts';

export interface Verification {
  group: string;
  direction: 'forward' | 'reverse';
  rows: number;
  differences: number;
  /** Who compared: the demo's auditor, or the tool. */
  by: 'auditor' | 'tool';
}

export interface SwitchReport {
  group: string;
  kind: 'switch' | 'rollback';
  predictedMs: number | undefined;
  /** From hold to publication, by the operator's journal. */
  pauseMs: number | undefined;
  /** Whole latency of the held requests, at their clients. */
  heldP99Ms: number;
  heldRequests: number;
}

export interface PhaseReport {
  group: string;
  phase: string;
  requests: number;
  p50Ms: number;
  p99Ms: number;
}

export interface RouteReport {
  route: string;
  requests: number;
  p50Ms: number;
  p99Ms: number;
}

export interface Report {
  requests: number;
  writes: number;
  /** Writes that touch the group that moves. */
  movingWrites: number;
  requestsPerSecond: number;
  failed: number;
  lost: number;
  doubled: number;
  lagP50Ms: number;
  lagP99Ms: number;
  comparisons: number;
  mismatches: number;
  verification: Verification[];
  switches: SwitchReport[];
  phases: PhaseReport[];
  /** Slowest p99 first. */
  routes: RouteReport[];
  ledgerEntries: number;
  /** What went wrong, as text; bounded. Empty when all is well. */
  failures: string[];
  /** Figures that a fast machine reaches, and this run did not. They depend on what else runs there: no failures. */
  missedAims: string[];
}

/** Answers of both sides to the same reads. */
export interface Comparisons {
  total: number;
  /** Differences that neither lag, noise nor ordering explains. */
  byCode: number;
  samples: readonly string[];
}

/** What a run of the demo gathers. */
export interface Evidence {
  options: DemoOptions;
  meter: Meter;
  pacedPerSecond: number;
  lagsMs: readonly number[];
  comparisons: Comparisons;
  verification: readonly Verification[];
  switches: readonly SwitchReport[];
  phases: readonly string[];
  findings: Findings;
  ledgerEntries: number;
  /** Steps that did not go as they should, differences between the sides. */
  trouble: readonly string[];
}

const group = 'catalogue';
const enoughHeld = 20;
/** Whole latency of the held requests, by what carries the changes. */
const heldAimMs = { embedded: 100, debezium: 500 };
const enoughComparisons = 1000;
/** The switch's own gate allows as much: under heavy change a comparison may meet two moments. */
const mismatchRate = 0.001;

export function makeReport(evidence: Evidence): Report {
  const { meter, findings } = evidence;
  const latencies = new Map<string, number[]>(evidence.phases.map((phase) => [phase, []]));
  for (const { phase, startMs, endMs } of meter.samples) latencies.get(phase)?.push(endMs - startMs);
  const report: Report = {
    requests: meter.samples.length,
    writes: meter.writes,
    movingWrites: meter.movingWrites,
    requestsPerSecond: Math.round(evidence.pacedPerSecond * 10) / 10,
    failed: meter.failed,
    lost: findings.count('lost'),
    doubled: findings.count('doubled'),
    lagP50Ms: percentile(evidence.lagsMs, 0.5),
    lagP99Ms: percentile(evidence.lagsMs, 0.99),
    comparisons: evidence.comparisons.total,
    mismatches: evidence.comparisons.byCode,
    verification: [...evidence.verification],
    switches: [...evidence.switches],
    phases: [...latencies].map(([phase, values]) => ({
      group,
      phase,
      requests: values.length,
      p50Ms: percentile(values, 0.5),
      p99Ms: percentile(values, 0.99),
    })),
    routes: routesOf(meter),
    ledgerEntries: evidence.ledgerEntries,
    failures: [],
    missedAims: missedAims(evidence),
  };
  report.failures = [
    ...evidence.trouble,
    ...findings.all.slice(0, 25).map(({ kind, text }) => `${kind}: ${text}`),
    ...meter.failures.map((text) => `failed: ${text}`),
    ...shortcomings(report, evidence),
  ];
  return report;
}

function missedAims({ options, switches }: Evidence): string[] {
  const aimMs = heldAimMs[options.profile];
  return switches
    .filter(({ heldP99Ms }) => heldP99Ms > aimMs)
    .map(
      ({ kind, heldP99Ms }) => `a ${kind} held requests for ${heldP99Ms} ms (p99); the aim is ${aimMs} ms`,
    );
}

function routesOf(meter: Meter): RouteReport[] {
  const latencies = new Map<string, number[]>();
  for (const { route, startMs, endMs } of meter.samples) {
    const values = latencies.get(route) ?? [];
    values.push(endMs - startMs);
    latencies.set(route, values);
  }
  return [...latencies]
    .map(([route, values]) => ({
      route,
      requests: values.length,
      p50Ms: percentile(values, 0.5),
      p99Ms: percentile(values, 0.99),
    }))
    .sort((a, b) => b.p99Ms - a.p99Ms);
}

/** A run that proves less than it should has not passed, even when nothing went wrong. */
function shortcomings(report: Report, { options, comparisons }: Evidence): string[] {
  const short: string[] = [];
  const need = (ok: boolean, text: string) => {
    if (!ok) short.push(`not enough: ${text}`);
  };
  need(
    report.requestsPerSecond >= options.rate * 0.95,
    `${report.requestsPerSecond} requests/s were sent, ${options.rate} were asked for`,
  );
  need(report.writes * 4 >= report.requests, `${report.writes} of ${report.requests} requests were writes`);
  need(
    report.movingWrites * 2 >= report.writes,
    `${report.movingWrites} of ${report.writes} writes touched the catalogue`,
  );
  need(report.ledgerEntries > 0, 'the ledger is empty');
  need(
    report.comparisons >= enoughComparisons,
    `${report.comparisons} shadow comparisons, ${enoughComparisons} wanted`,
  );
  if (report.mismatches > report.comparisons * mismatchRate)
    short.push(...comparisons.samples.slice(0, 5).map((sample) => `the answers differ: ${sample}`));
  need(report.switches.length >= 3, `${report.switches.length} of 3 switches and rollbacks happened`);
  for (const { kind, heldRequests } of report.switches)
    need(heldRequests >= enoughHeld, `a ${kind} held ${heldRequests} requests, ${enoughHeld} wanted`);
  for (const direction of ['forward', 'reverse'] as const) {
    const seen = report.verification.filter((entry) => entry.direction === direction && entry.rows > 0);
    need(
      seen.some(({ by }) => by === 'auditor') && seen.some(({ by }) => by === 'tool'),
      `${direction} was not verified by both the auditor and the tool`,
    );
  }
  return short;
}

/** Pure: exit code 0 only for a report without a fault. */
export function passed(report: Report): boolean {
  return (
    report.failures.length === 0 &&
    report.failed === 0 &&
    report.lost === 0 &&
    report.doubled === 0 &&
    report.mismatches <= report.comparisons * mismatchRate &&
    report.verification.every(({ differences }) => differences === 0)
  );
}
