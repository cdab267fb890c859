import FindMyWay from 'find-my-way';
import { splitTable } from '#kernel/db/sql.ts';
import type { GroupConfig, StranglerConfig } from './config.ts';
import { shapeProblems, type ConfigProblem } from './config-shape.ts';
import { debeziumProblems } from './debezium-shape.ts';
import { groupNamePattern } from './names.ts';

export type { ConfigProblem };

/** Everything that can be said without a database. Pure; `config` is set when the shape is right. */
export function checkConfig(value: unknown): {
  config: StranglerConfig | undefined;
  problems: ConfigProblem[];
} {
  const problems = shapeProblems(value);
  if (problems.length > 0) return { config: undefined, problems };
  const config = value as StranglerConfig;
  const meaning = [
    ...urlProblems(config),
    ...groupProblems(config),
    ...routeProblems(config),
    ...tableProblems(config),
    ...debeziumProblems(config),
  ];
  return { config, problems: meaning };
}

function urlProblems(config: StranglerConfig): ConfigProblem[] {
  const fields: [string[], string, RegExp][] = [
    [['control', 'url'], config.control.url, /^postgres(ql)?:$/],
    [['monolith', 'url'], config.monolith.url, /^https?:$/],
    [['monolith', 'database'], config.monolith.database, /^postgres(ql)?:$/],
  ];
  for (const [path, side] of [
    [['monolith'], config.monolith] as const,
    ...Object.entries(config.services).map(([name, one]) => [['services', name], one] as const),
  ])
    for (const [i, url] of (side.instances ?? []).entries())
      fields.push([[...path, 'instances', String(i)], url, /^https?:$/]);
  for (const [name, service] of Object.entries(config.services)) {
    fields.push([['services', name, 'url'], service.url, /^https?:$/]);
    fields.push([['services', name, 'database'], service.database, /^postgres(ql)?:$/]);
  }
  return fields.flatMap(([path, value, protocol]) =>
    URL.canParse(value) && protocol.test(new URL(value).protocol)
      ? []
      : [
          {
            path,
            message: `"${value}" is not a URL that starts with ${protocol.source.replace(/[^a-z]/g, '').slice(0, 8)}`,
          },
        ],
  );
}

function groupProblems(config: StranglerConfig): ConfigProblem[] {
  const problems: ConfigProblem[] = [];
  const names = Object.keys(config.groups);
  for (const [name, entry] of Object.entries(config.groups)) {
    const path = ['groups', name];
    if (!groupNamePattern.test(name)) {
      problems.push({
        path,
        message: 'a group name is a-z, 0-9 and _, starts with a letter, 40 characters at most',
      });
    }
    if (!(entry.service in config.services)) {
      problems.push({ path: [...path, 'service'], message: `services has no "${entry.service}"` });
    }
    for (const field of ['writers', 'readBy'] as const) {
      (entry[field] ?? []).forEach((other, index) => {
        if (!names.includes(other))
          problems.push({ path: [...path, field, String(index)], message: `there is no group "${other}"` });
      });
    }
    if (
      entry.routes.some(
        (r) => typeof r !== 'string' && (r.auth === 'verify' || (r.scopes ?? []).length > 0),
      ) &&
      !config.auth
    ) {
      problems.push({ path: [...path, 'routes'], message: 'a route verifies tokens, but `auth` is not set' });
    }
  }
  return problems;
}

/** Overlap is judged by the router that will match: the same method and shape of path twice is refused. */
function routeProblems(config: StranglerConfig): ConfigProblem[] {
  const problems: ConfigProblem[] = [];
  const owners = new Map<string, string>();
  const router = FindMyWay();
  for (const [name, entry] of Object.entries(config.groups)) {
    entry.routes.forEach((item, index) => {
      const path = ['groups', name, 'routes', String(index)];
      const textOf = typeof item === 'string' ? item : item.route;
      const match = /^([A-Z]+|\*) (\/\S*)$/.exec(textOf);
      const method = match?.[1];
      const pattern = match?.[2];
      if (method === undefined || pattern === undefined) {
        problems.push({ path, message: `"${textOf}" is not METHOD /path` });
        return;
      }
      for (const one of method === '*' ? anyMethods : [method]) {
        const shape = `${one} ${pattern.replace(/:[A-Za-z0-9_]+/g, ':').replace(/(.)\/$/, '$1')}`;
        const other = owners.get(shape);
        if (other !== undefined) {
          problems.push({ path, message: `"${textOf}" overlaps "${other}"` });
          return;
        }
        try {
          router.on(one as 'GET', pattern, () => undefined);
        } catch (error) {
          problems.push({ path, message: error instanceof Error ? error.message : String(error) });
          return;
        }
        owners.set(shape, `${textOf} of group ${name}`);
      }
    });
  }
  return problems;
}

export const anyMethods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'];

function tableProblems(config: StranglerConfig): ConfigProblem[] {
  const problems: ConfigProblem[] = [];
  const owner = new Map<string, string>();
  for (const [name, entry] of Object.entries(config.groups)) {
    entry.tables.forEach((item, index) => {
      const path = ['groups', name, 'tables', String(index)];
      for (const field of ['legacy', 'service'] as const) {
        const { schema: s, table: t } = splitTable(item[field]);
        const id = field === 'legacy' ? `legacy ${s}.${t}` : `${entry.service} ${s}.${t}`;
        const other = owner.get(id);
        if (other !== undefined && other !== name) {
          problems.push({
            path: [...path, field],
            message: `${s}.${t} is already in group ${other}; a table moves with one group`,
          });
        }
        owner.set(id, name);
      }
      if (item.key && item.key.legacy.length !== item.key.service.length) {
        problems.push({ path: [...path, 'key'], message: 'both sides need the same number of key columns' });
      }
      for (const [field, columns] of [
        ['forward', item.key?.service],
        ['reverse', item.key?.legacy],
      ] as const) {
        if (Object.keys(item[field]).length === 0)
          problems.push({ path: [...path, field], message: 'maps no column' });
        for (const column of columns ?? []) {
          if (!(column in item[field]))
            problems.push({ path: [...path, field], message: `the key column "${column}" is not mapped` });
        }
      }
    });
    problems.push(...anchorProblems(name, entry));
  }
  return problems;
}

function anchorProblems(name: string, entry: GroupConfig): ConfigProblem[] {
  const problems: ConfigProblem[] = [];
  for (const field of ['legacy', 'service'] as const) {
    const byTable = Map.groupBy(entry.tables, (item) => item[field]);
    for (const [tableText, items] of byTable) {
      if (items.length < 2) continue;
      const anchors = items.filter((item) => item.anchor === true).length;
      if (anchors !== 1) {
        const index = entry.tables.findIndex((item) => item[field] === tableText);
        problems.push({
          path: ['groups', name, 'tables', String(index)],
          message: `${tableText} has ${items.length} entries; exactly one of them needs anchor: true (${anchors} have it)`,
        });
      }
    }
  }
  return problems;
}
