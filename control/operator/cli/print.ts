/** Where the CLI writes; tests collect it. */
export interface Output {
  line(text?: string): void;
  error(text: string): void;
}

export const terminal: Output = {
  line: (text = '') => process.stdout.write(`${text}\n`),
  error: (text) => process.stderr.write(`${text}\n`),
};

/** Columns padded to their widest cell; the last is left as it is. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const all = [head, ...rows];
  const widths = head.map((_, column) => Math.max(...all.map((row) => (row[column] ?? '').length)));
  return all
    .map((row) =>
      row
        .map((cell, column) => (column === row.length - 1 ? cell : cell.padEnd(widths[column] ?? 0)))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

export const ms = (value: number | null | undefined): string =>
  value === undefined || value === null ? '-' : `${Math.round(value * 10) / 10} ms`;

export interface GateView {
  name: string;
  ok: boolean;
  blocks: boolean;
  evidence: string;
  help?: string;
}

/** Each gate with its evidence, and below those that are not met what helps. */
export function gateLines(gates: readonly GateView[]): string[] {
  return gates.flatMap((gate) => {
    const mark = gate.ok ? 'ok  ' : gate.blocks ? 'FAIL' : 'warn';
    const line = `  ${mark} ${gate.name}: ${gate.evidence}`;
    return gate.ok || gate.help === undefined ? [line] : [line, `         -> ${gate.help}`];
  });
}

export function nextLines(next: readonly string[]): string[] {
  return next.length === 0 ? [] : ['', 'Next:', ...next.map((command) => `  ${command}`)];
}
