import { mkdirSync, writeFileSync } from 'node:fs';
import { format, resolveConfig } from 'prettier';
import { boardOf, type BoardSpec } from './board.ts';
import { databases } from './databases.ts';
import { migration } from './migration.ts';

/** `node deploy/grafana/source/write.ts` writes the dashboards anew after a change here. */
export const boards: readonly BoardSpec[] = [migration, databases];

export const fileOf = ({ uid }: BoardSpec) => `deploy/grafana/dashboards/${uid}.json`;

export async function jsonOf(spec: BoardSpec): Promise<string> {
  const file = fileOf(spec);
  return format(JSON.stringify(boardOf(spec)), { ...(await resolveConfig(file)), filepath: file });
}

if (import.meta.main) {
  mkdirSync('deploy/grafana/dashboards', { recursive: true });
  for (const spec of boards) writeFileSync(fileOf(spec), await jsonOf(spec));
}
