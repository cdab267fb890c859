import { expect, test } from 'vitest';
import { Findings } from './auditor/findings.ts';
import { parseOptions } from './options.ts';
import { makeReport, passed, type Evidence, type Verification } from './report.ts';
import { Meter } from './shoppers/meter.ts';
import { tell } from './table.ts';

const options = parseOptions([]);
if (options === undefined) throw new Error('Without --help there are options.');

const verified = (direction: 'forward' | 'reverse', by: 'auditor' | 'tool'): Verification => ({
  group: 'catalogue',
  direction,
  rows: 10,
  differences: 0,
  by,
});
const handover = (kind: 'switch' | 'rollback', heldRequests = 20) => ({
  group: 'catalogue',
  kind,
  predictedMs: 40,
  pauseMs: 50,
  heldP99Ms: 60,
  heldRequests,
});

/** A run in which all went well, with changes. */
function evidence(change: Partial<Evidence> = {}): Evidence {
  const meter = new Meter();
  for (let number = 0; number < 100; number++) {
    const write = number % 4 === 0;
    meter.record({ phase: 'legacy', route: '/', write, moving: number % 8 === 0, startMs: 0, endMs: number });
  }
  return {
    options: options ?? fail(),
    meter,
    pacedPerSecond: 250,
    lagsMs: [3, 1, 2],
    comparisons: { total: 1000, byCode: 0, samples: [] },
    verification: [
      verified('forward', 'auditor'),
      verified('forward', 'tool'),
      verified('reverse', 'auditor'),
      verified('reverse', 'tool'),
    ],
    switches: [handover('switch'), handover('rollback'), handover('switch')],
    phases: ['legacy'],
    findings: new Findings(),
    ledgerEntries: 5,
    trouble: [],
    ...change,
  };
}

function fail(): never {
  throw new Error('unreachable');
}

test('a run without a fault passes, and its figures are those of its samples', () => {
  const report = makeReport(evidence());
  expect(report.failures).toEqual([]);
  expect(passed(report)).toBe(true);
  expect(report).toMatchObject({ requests: 100, writes: 25, movingWrites: 13, lagP50Ms: 2, lagP99Ms: 3 });
  expect(report.phases).toEqual([
    { group: 'catalogue', phase: 'legacy', requests: 100, p50Ms: 49, p99Ms: 98 },
  ]);
  expect(tell(report)).toContain('PASSED');
});

const findings = (kind: 'lost' | 'doubled' | 'refused' | 'unexplained') => {
  const found = new Findings();
  found.add(kind, 'x');
  return found;
};
const failing = () => {
  const { meter } = evidence();
  meter.fail('GET /products/1: stale');
  return meter;
};

test.each<[string, Partial<Evidence>, RegExp]>([
  ['a lost write', { findings: findings('lost') }, /lost: x/],
  ['a doubled write', { findings: findings('doubled') }, /doubled: x/],
  ['a refused write that is there', { findings: findings('refused') }, /refused: x/],
  ['a row that nobody asked for', { findings: findings('unexplained') }, /unexplained: x/],
  ['a failed request', { meter: failing() }, /failed: .*stale/],
  ['a transition that was refused', { trouble: ['retire is refused'] }, /retire is refused/],
  ['too low a rate', { pacedPerSecond: 200 }, /200 requests\/s were sent, 220 were asked for/],
  ['no writes', { meter: new Meter(), ledgerEntries: 0 }, /the ledger is empty/],
  ['too few comparisons', { comparisons: { total: 999, byCode: 0, samples: [] } }, /999 shadow comparisons/],
  [
    'answers that differ',
    { comparisons: { total: 1000, byCode: 2, samples: ['GET /x'] } },
    /the answers differ: GET \/x/,
  ],
  [
    'a switch that held too few',
    { switches: [handover('switch', 19), handover('rollback'), handover('switch')] },
    /held 19/,
  ],
  ['a missing switch', { switches: [handover('switch'), handover('rollback')] }, /2 of 3 switches/],
  [
    'a direction that only the tool verified',
    { verification: [verified('forward', 'tool')] },
    /forward was not verified/,
  ],
])('%s does not pass', (_, change, named) => {
  const report = makeReport(evidence(change));
  expect(passed(report)).toBe(false);
  expect(report.failures.join('\n')).toMatch(named);
  expect(tell(report)).toContain('FAILED');
});

test('requests held longer than aimed at are named, and fail nothing', () => {
  const slow = { ...handover('rollback'), heldP99Ms: 101 };
  const report = makeReport(evidence({ switches: [handover('switch'), slow, handover('switch')] }));
  expect(report.missedAims).toEqual(['a rollback held requests for 101 ms (p99); the aim is 100 ms']);
  expect(passed(report)).toBe(true);
  expect(tell(report)).toMatch(/Aims missed:\n.*101 ms/);
});

test('rows that differ do not pass', () => {
  const report = makeReport(evidence());
  report.verification.push({ ...verified('reverse', 'auditor'), differences: 1 });
  expect(passed(report)).toBe(false);
});
