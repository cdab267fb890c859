import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cruiseTree, ruleNames } from './cruise.ts';

/** For each rule, a file that breaks it: [file, import]. The imported file is made too, unless it must not resolve. */
const badFixtures: Record<string, [file: string, target: string]> = {
  resolvable: ['kernel/a.ts', './missing.ts'],
  'no-cycles': ['kernel/a.ts', './b.ts'],
  'kernel-knows-nothing': ['kernel/a.ts', '../control/plan/x.ts'],
  'plan-knows-kernel': ['control/plan/a.ts', '../operator/x.ts'],
  'guard-knows-plan': ['control/guard/a.ts', '../preflight/x.ts'],
  'preflight-knows-guard': ['control/preflight/a.ts', '../operator/x.ts'],
  'proxy-knows-plan': ['strangler-proxy/a.ts', '../control/guard/x.ts'],
  'cdc-knows-guard': ['cdc/a.ts', '../strangler-proxy/x.ts'],
  'operator-knows-preflight': ['control/operator/a.ts', '../../cdc/x.ts'],
  'cli-speaks-http': ['control/operator/cli/a.ts', '../journal/x.ts'],
  'tool-is-generic': ['cdc/a.ts', '../monolith/x.ts'],
  'tool-needs-no-stack': ['strangler-proxy/a.ts', '../stack/x.ts'],
  'monolith-is-foreign': ['monolith/a.ts', '../kernel/x.ts'],
  'services-know-kernel': ['services/catalogue/a.ts', '../../monolith/x.ts'],
  'plan-only-in-mapping': ['services/catalogue/routes/a.ts', '../../../control/plan/x.ts'],
  'services-are-apart': ['services/catalogue/a.ts', '../orders/x.ts'],
  'auditor-is-independent': ['stack/demo/auditor/a.ts', '../../../cdc/x.ts'],
  'kafka-behind-one-seam': ['cdc/apply/a.ts', '../../node_modules/kafkajs/index.js'],
};

describe('boundaries', () => {
  let dir = '';
  beforeAll(() => {
    dir = mkdtempSync(join(tmpdir(), 'matapalo-boundaries-'));
  });
  afterAll(() => rmSync(dir, { recursive: true, force: true }));

  it('has a bad fixture for every rule', () => {
    expect(Object.keys(badFixtures).sort()).toEqual([...ruleNames].sort());
  });

  it('holds in the tree, across package imports', async () => {
    const folders = [
      'kernel',
      'control',
      'strangler-proxy',
      'cdc',
      'stack',
      'monolith',
      'services',
      'migrations',
      'test',
      'bench',
      'bin',
      'strangler.config.ts',
    ];
    const { modules, violations, edges } = await cruiseTree(folders, process.cwd());
    expect(modules).toBeGreaterThan(100);
    // Proof that `#kernel/*` is followed: without it every cross-folder rule would match nothing.
    expect(edges.some((edge) => edge.from.startsWith('control/') && edge.to.startsWith('kernel/'))).toBe(
      true,
    );
    expect(violations).toEqual([]);
  });

  it.each(Object.entries(badFixtures))('%s is tripped by its fixture', async (rule, [file, target]) => {
    const tree = join(dir, rule);
    const write = (path: string, text: string) => {
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, text);
    };
    write(join(tree, 'package.json'), '{"type":"module"}');
    write(join(tree, file), `import { x } from '${target}';\nexport const y = x;\n`);
    if (rule !== 'resolvable') {
      const back = rule === 'no-cycles' ? `import { y } from './a.ts';\nexport const z = () => y;\n` : '';
      write(join(tree, dirname(file), target), `${back}export const x = 1;\n`);
    }
    const { violations } = await cruiseTree([file.split('/')[0] ?? ''], tree);
    expect(violations.map((violation) => violation.rule)).toContain(rule);
  });
});
