import { passed, type Report } from './report.ts';

const ms = (value: number | undefined) =>
  value === undefined ? '-' : `${value.toFixed(value < 10 ? 1 : 0)} ms`;

function grid(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => (row[column] ?? '').length)),
  );
  return rows
    .map((row) =>
      `  ${row.map((cell, column) => (column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0))).join('  ')}`.trimEnd(),
    )
    .join('\n');
}

/** What a person reads at the end. */
export function tell(report: Report): string {
  const share = (part: number, whole: number) =>
    whole === 0 ? '0 %' : `${((100 * part) / whole).toFixed(0)} %`;
  const parts = [
    grid([
      ['phase', 'requests', 'p50', 'p99'],
      ...report.phases.map((row) => [row.phase, String(row.requests), ms(row.p50Ms), ms(row.p99Ms)]),
    ]),
    grid([
      ['pause', 'predicted', 'measured', 'held', 'held p99'],
      ...report.switches.map((row) => [
        row.kind,
        ms(row.predictedMs),
        ms(row.pauseMs),
        String(row.heldRequests),
        ms(row.heldP99Ms),
      ]),
    ]),
    grid([
      ['verified', 'by', 'rows', 'differences'],
      ...report.verification.map((row) => [row.direction, row.by, String(row.rows), String(row.differences)]),
    ]),
    grid([
      ['requests', `${report.requests} (${report.requestsPerSecond}/s paced)`],
      [
        'writes',
        `${report.writes} (${share(report.writes, report.requests)}; ${share(report.movingWrites, report.writes)} of them to the catalogue)`,
      ],
      ['failed', String(report.failed)],
      ['lost', String(report.lost)],
      ['doubled', String(report.doubled)],
      [
        'ledger',
        `${report.ledgerEntries} entries ${report.lost + report.doubled === 0 ? 'whole' : 'BROKEN'}`,
      ],
      ['lag', `p50 ${ms(report.lagP50Ms)}, p99 ${ms(report.lagP99Ms)}`],
      ['comparisons', `${report.comparisons}, ${report.mismatches} mismatches`],
    ]),
  ];
  if (report.failures.length > 0)
    parts.push(['What went wrong:', ...report.failures.map((text) => `  ${text}`)].join('\n'));
  if (report.missedAims.length > 0)
    parts.push(['Aims missed:', ...report.missedAims.map((text) => `  ${text}`)].join('\n'));
  parts.push(passed(report) ? 'PASSED: no failed request, no write lost, none done twice.' : 'FAILED.');
  return `\n${parts.join('\n\n')}\n`;
}
