import { gateLines, ms, nextLines, table, type GateView } from './print.ts';

interface SyncView {
  direction: string;
  state: string;
  lagMs?: number;
  captureLagMs?: number;
  applyLagMs?: number;
  retainedBytes?: string;
  error?: { message?: string; hint?: string };
}

export interface StatusView {
  version: string;
  leader?: { holder: string; url: string; term: string; self: boolean };
  proxies: { id: string; url: string; version: string; held: number; live: boolean }[];
  groups: {
    name: string;
    phase: string;
    owner: string;
    epoch: string;
    canaryPercent: number;
    service: string;
    stopped?: { message: string; hint: string };
    sync: SyncView[];
    verification: { direction: string; state: string; rows: string; expiresAt?: string }[];
    comparisons: Record<string, number>;
    running?: { kind: string; id: string };
    next: string[];
  }[];
}

export function showStatus(view: StatusView): string[] {
  const rows = view.groups.map((group) => [
    group.name,
    group.phase === 'canary' ? `canary ${group.canaryPercent} %` : group.phase,
    group.owner,
    group.epoch,
    group.sync.map((sync) => `${sync.direction} ${sync.state} ${ms(sync.lagMs)}`).join(', ') || '-',
    group.verification.map((seen) => `${seen.direction} ${seen.state}`).join(', ') || '-',
    group.running?.kind ?? (group.stopped ? 'STOPPED' : ''),
  ]);
  const lines = [
    view.leader
      ? `Leader ${view.leader.url} (term ${view.leader.term}), route version ${view.version}, ${view.proxies.filter((proxy) => proxy.live).length} live proxies`
      : 'No operator leads.',
    '',
    table(['group', 'phase', 'owner', 'epoch', 'sync', 'verified', ''], rows),
  ];
  for (const group of view.groups) {
    if (group.stopped)
      lines.push('', `${group.name} is stopped: ${group.stopped.message}`, `  -> ${group.stopped.hint}`);
    const differing = Object.entries(group.comparisons).map(([name, count]) => `${name} ${count}`);
    if (differing.length > 0) lines.push('', `${group.name} shadow comparisons: ${differing.join(', ')}`);
  }
  return [...lines, ...nextLines(view.groups.flatMap((group) => group.next.slice(0, 1)))];
}

export interface LagView {
  lag: (SyncView & { group: string; rowsApplied: string; slotState?: string })[];
}

export function showLag(view: LagView): string[] {
  if (view.lag.length === 0) return ['Nothing is synced.'];
  return [
    table(
      ['group', 'direction', 'state', 'lag', 'capture', 'apply', 'retained', 'rows', 'slot'],
      view.lag.map((row) => [
        row.group,
        row.direction,
        row.state,
        ms(row.lagMs),
        ms(row.captureLagMs),
        ms(row.applyLagMs),
        row.retainedBytes === undefined ? '-' : `${(Number(row.retainedBytes) / 1048576).toFixed(1)} MiB`,
        row.rowsApplied,
        row.slotState ?? '-',
      ]),
    ),
    ...view.lag.flatMap((row) =>
      row.error
        ? ['', `${row.group} ${row.direction}: ${row.error.message ?? ''}`, `  -> ${row.error.hint ?? ''}`]
        : [],
    ),
  ];
}

export interface HistoryView {
  transitions: {
    id: string;
    group: string;
    kind: string;
    state: string;
    startedAt: string;
    askedBy: string;
    reason?: string;
    predictedPauseMs?: number;
    measured?: { pauseMs?: number };
  }[];
}

export function showHistory(view: HistoryView): string[] {
  if (view.transitions.length === 0) return ['Nothing has happened yet.'];
  return [
    table(
      ['began', 'group', 'transition', 'state', 'by', 'predicted', 'measured', 'reason'],
      view.transitions.map((one) => [
        one.startedAt.slice(0, 19).replace('T', ' '),
        one.group,
        one.kind,
        one.state,
        one.askedBy,
        ms(one.predictedPauseMs),
        ms(one.measured?.pauseMs),
        one.reason ?? '',
      ]),
    ),
  ];
}

export interface OutlookView {
  group: string;
  kind: string;
  from: string;
  to: string;
  allowed: boolean;
  steps: string[];
  gates: GateView[];
  predictedPauseMs?: number;
}

export function showOutlook(view: OutlookView): string[] {
  const lines = [
    `${view.kind} of ${view.group}: ${view.from} to ${view.to}`,
    '',
    'Steps:',
    ...view.steps.map((step, i) => `  ${i + 1}. ${step}`),
  ];
  if (view.gates.length > 0) lines.push('', 'Gates:', ...gateLines(view.gates));
  if (view.predictedPauseMs !== undefined) lines.push('', `Predicted pause: ${ms(view.predictedPauseMs)}`);
  lines.push('', view.allowed ? 'It may be done.' : 'It would be refused.');
  return lines;
}

export interface FindingView {
  level: string;
  where: string;
  message: string;
  help?: string;
  mend?: string;
  group?: string;
  line?: number;
}

export function showFindings(findings: readonly FindingView[], well: string): string[] {
  if (findings.length === 0) return [well];
  return findings.flatMap((finding) => {
    const group =
      finding.group !== undefined && !finding.where.includes(finding.group) ? `${finding.group} ` : '';
    const help = finding.mend ?? finding.help;
    const at = finding.line === undefined ? '' : ` (line ${finding.line} of the configuration)`;
    const line = `${finding.level.padEnd(7)} ${group}${finding.where}${at}: ${finding.message}`;
    return help === undefined || help === '' ? [line] : [line, `        -> ${help}`];
  });
}
