import { readFileSync } from 'node:fs';
import { unreachable } from '#kernel/db/pool.ts';
import { groupOf, type GroupPlan, type Plan } from '#plan/compile.ts';
import { lineOf } from '#plan/config-line.ts';
import { defaultConfigFile } from '#plan/load-config.ts';
import type { Side } from '#plan/phase.ts';
import type { Finding } from '#preflight/finding.ts';
import { preflight } from '#preflight/preflight.ts';
import type { Databases } from '../databases.ts';

export interface PreflightFinding extends Finding {
  group: string;
  /** Line of the configuration, where the finding is about it. */
  line?: number;
}

/** What the databases and mappings lack, for all groups or one, each with the statement that mends it. */
export async function preflightAll(
  plan: Plan,
  databases: Databases,
  only?: string,
  configFile: string = process.env['MATAPALO_CONFIG'] ?? defaultConfigFile,
): Promise<PreflightFinding[]> {
  const groups = only === undefined ? [...plan.groups.values()] : [groupOf(plan, only)];
  const findings: PreflightFinding[] = [];
  for (const group of groups) {
    for (const finding of await preflightGroup(plan, databases, group)) {
      const line = finding.path === undefined ? undefined : lineIn(configFile, finding.path);
      findings.push({ group: group.name, ...finding, ...(line === undefined ? {} : { line }) });
    }
  }
  return findings;
}

/** On one connection a side: expressions are tried on temporary tables. */
export async function preflightGroup(plan: Plan, databases: Databases, group: GroupPlan): Promise<Finding[]> {
  const connect = async (side: Side) => {
    try {
      return await databases.of(group, side).connect();
    } catch (error) {
      throw unreachable(`The database of ${side} (group ${group.name})`, error);
    }
  };
  const legacy = await connect('legacy');
  try {
    const service = await connect('service');
    try {
      return await preflight(plan, group, { legacy, service });
    } finally {
      service.release(true);
    }
  } finally {
    // Closed, so that nothing temporary is left in a connection that others will use.
    legacy.release(true);
  }
}

function lineIn(file: string, path: readonly string[]): number | undefined {
  try {
    return lineOf(readFileSync(file, 'utf8'), path);
  } catch {
    return undefined;
  }
}
