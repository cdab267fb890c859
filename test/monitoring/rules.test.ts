import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { withoutPrometheus } from './find-prometheus.ts';

interface Rule {
  alert?: string;
  expr: string;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
}
interface RuleTest {
  promql_expr_test: { expr: string; exp_samples: unknown[] }[];
}

const folder = 'deploy/prometheus/rules';
const filesOf = (end: string) => readdirSync(folder).filter((name) => name.endsWith(end));
const read = <T>(name: string) => parse(readFileSync(`${folder}/${name}`, 'utf8')) as T;
const alerts = filesOf('.rules.yml')
  .flatMap((name) => read<{ groups: { rules: Rule[] }[] }>(name).groups)
  .flatMap(({ rules }) => rules)
  .filter((rule) => rule.alert !== undefined);
const checks = filesOf('.test.yml')
  .flatMap((name) => read<{ tests: RuleTest[] }>(name).tests)
  .flatMap((test) => test.promql_expr_test);

describe('each alert', () => {
  const operations = readFileSync('docs/operations.md', 'utf8');

  it.each(alerts.map((rule) => [rule.alert ?? '', rule] as const))('%s says what to do', (name, rule) => {
    expect(['warning', 'critical']).toContain(rule.labels?.['severity']);
    for (const text of ['summary', 'description']) expect(rule.annotations?.[text]).toMatch(/[a-z]{3}/);
    expect(rule.annotations?.['runbook']).toBe(`docs/operations.md#${name.toLowerCase()}`);
    expect(operations).toContain(`### ${name}\n`);
  });

  it.each(alerts.map((rule) => [rule.alert ?? '']))('%s is tested to fire, and not to', (name) => {
    const own = checks.filter(({ expr }) => expr.includes(`"${name}"`));
    expect(own.some(({ exp_samples }) => exp_samples.length > 0)).toBe(true);
    expect(own.some(({ exp_samples }) => exp_samples.length === 0)).toBe(true);
  });

  it('has its place in the operations guide, and the guide names no other', () => {
    const named = [...operations.matchAll(/^### (Matapalo\w+)$/gm)].map((match) => match[1]);
    expect(named.sort()).toEqual(alerts.map((rule) => rule.alert).sort());
  });
});

const reason = withoutPrometheus();
describe.skipIf(reason !== undefined)(
  `promtool${reason === undefined ? '' : ` (left out: ${reason})`}`,
  () => {
    const promtool = (...args: string[]) => {
      const { status, stdout, stderr } = spawnSync('promtool', args, { encoding: 'utf8' });
      return { status, said: stdout + stderr };
    };

    it('accepts the configuration and all rules', () => {
      expect(promtool('check', 'config', 'deploy/prometheus/prometheus.yml')).toMatchObject({ status: 0 });
    });

    it('finds the rules firing and silent as tested', () => {
      const tests = filesOf('.test.yml').map((name) => `${folder}/${name}`);
      expect(tests.length).toBeGreaterThan(0);
      expect(promtool('test', 'rules', ...tests)).toMatchObject({ status: 0 });
    });
  },
);
