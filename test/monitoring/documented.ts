import { readFileSync } from 'node:fs';

export interface Metric {
  name: string;
  type: string;
  labels: readonly string[];
}

/** Tables of docs/metrics.md by the process that they speak of: the heading names it as `` `proxy` ``. */
export function documentedMetrics(): Map<string, Metric[]> {
  const found = new Map<string, Metric[]>();
  let processes: string[] = [];
  for (const line of readFileSync('docs/metrics.md', 'utf8').split('\n')) {
    if (line.startsWith('## ')) processes = [...line.matchAll(/`(\w+)`/g)].map((match) => match[1] ?? '');
    const cells = /^\| `(\w+)` \| (\w+) \| ([^|]*) \|/.exec(line);
    if (cells === null) continue;
    const [, name = '', type = '', labels = ''] = cells;
    const metric = {
      name,
      type,
      labels: [...labels.matchAll(/`(\w+)`/g)].map((match) => match[1] ?? '').sort(),
    };
    for (const process of processes) found.set(process, [...(found.get(process) ?? []), metric]);
  }
  return found;
}

/** What a process exposes: every `# TYPE`, with the labels seen in its samples. */
export function exposedMetrics(text: string): Metric[] {
  const types = new Map(
    [...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map((match) => [match[1] ?? '', match[2] ?? '']),
  );
  return [...types].map(([name, type]) => {
    const labels = new Set<string>();
    for (const match of text.matchAll(new RegExp(`^${name}(?:_bucket|_sum|_count)?\\{(.*)\\} `, 'gm')))
      for (const label of (match[1] ?? '').matchAll(/(?:^|,)(\w+)="/g)) labels.add(label[1] ?? '');
    // `service` names the process and is everywhere; `le` belongs to every histogram.
    labels.delete('service');
    if (type === 'histogram') labels.delete('le');
    return { name, type, labels: [...labels].sort() };
  });
}
