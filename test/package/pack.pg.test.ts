import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freePort } from '#stack/clusters.ts';
import { startProcess, type StackProcess } from '#stack/processes.ts';
import { startTwoSides, type Pair, type TwoSides } from '#test/two-sides.ts';
import { packedProject, type PackedProject } from './packed-project.ts';

let project: PackedProject;
let sides: TwoSides;
let pair: Pair;

// No operator answers here: preflight has to go to the databases by itself.
const nobody = { MATAPALO_URL: 'http://127.0.0.1:1' };

beforeAll(async () => {
  project = packedProject();
  sides = await startTwoSides();
  pair = await sides.pair({ grants: false, control: false });
  const config = JSON.stringify(pair.config, null, 2);
  writeFileSync(
    join(project.dir, 'strangler.config.ts'),
    `import { defineStrangler, type StranglerConfig } from 'matapalo';\n` +
      `const config: StranglerConfig = ${config};\nexport default defineStrangler(config);\n`,
  );
});
afterAll(async () => {
  await sides?.stop();
  project?.remove();
});

describe('the packed tool in an empty project', () => {
  it('has the command, the bundle, the types and the documentation, and no sources', () => {
    expect(project.files).toEqual(
      expect.arrayContaining([
        'bin/matapalo.js',
        'dist/index.js',
        'dist/types/config.d.ts',
        'dist/console/index.html',
        'docs/operations.md',
        'LICENSE',
        'README.md',
      ]),
    );
    expect(project.files.filter((file) => file.endsWith('.ts') && !file.endsWith('.d.ts'))).toEqual([]);
  });

  it('preflight: 3 with statements that mend, 0 once they were run', async () => {
    const args = ['preflight', pair.group.name, '--json'];
    const refused = await project.matapalo(args, nobody);
    expect(refused.code, refused.err + refused.out).toBe(3);
    const { findings } = JSON.parse(refused.out) as {
      findings: { level: string; side?: string; mend?: string }[];
    };
    const mends = findings.filter((finding) => finding.level === 'refuse');
    expect(mends.length).toBeGreaterThan(0);
    for (const { side, mend } of mends) {
      expect(mend).toMatch(/^(GRANT|ALTER ROLE) /);
      await (side === 'legacy' ? pair.legacyAdmin : pair.serviceAdmin)(mend ?? '');
    }
    const clean = await project.matapalo(args, nobody);
    expect(clean.code, clean.err + clean.out).toBe(0);
  });

  it('says what is wrong with a config, by its field', async () => {
    writeFileSync(
      join(project.dir, 'wrong.config.ts'),
      `import { defineStrangler } from 'matapalo';\nimport right from './strangler.config.ts';\n` +
        `export default defineStrangler({ ...right, secret: 'short' });\n`,
    );
    const failed = await project.matapalo(['preflight', '--config', 'wrong.config.ts'], nobody);
    expect(failed.code).toBe(2);
    expect(failed.err).toContain('secret');
  });

  it('types what a config imports', async () => {
    const check = (file: string) =>
      project.node([
        join(import.meta.dirname, '../../node_modules/typescript/bin/tsc'),
        ...['--noEmit', '--strict', '--module', 'nodenext', '--target', 'es2024', '--ignoreConfig'],
        ...['--allowImportingTsExtensions', file],
      ]);
    const right = await check('strangler.config.ts');
    expect(right.code, right.out).toBe(0);
    writeFileSync(
      join(project.dir, 'untyped.ts'),
      `import { defineStrangler } from 'matapalo';\nexport default defineStrangler({ secret: 1 });\n`,
    );
    const wrong = await check('untyped.ts');
    expect(wrong.code).not.toBe(0);
    expect(wrong.out).toContain('untyped.ts(2,34)');
  });

  it('runs operator, cdc and proxy; the operator serves its console', async () => {
    const ports = await Promise.all([freePort(), freePort(), freePort(), freePort()]);
    const [operator, cdc, proxy, admin] = ports;
    const run = (name: string, port: number | undefined, env: Record<string, string>) =>
      startProcess({
        name,
        entry: 'node_modules/matapalo/bin/matapalo.js',
        args: ['run', name],
        cwd: project.dir,
        env: { MATAPALO_TOKEN_FILE: join(project.dir, 'token'), ...env },
        logFile: join(project.dir, `${name}.log`),
        readyUrl: `http://127.0.0.1:${port}/livez`,
      });
    const started: StackProcess[] = [
      run('operator', operator, { PORT: String(operator) }),
      run('cdc', cdc, { CDC_PORT: String(cdc) }),
      run('proxy', admin, { PORT: String(proxy), ADMIN_PORT: String(admin) }),
    ];
    try {
      await Promise.all(started.map((one) => one.ready()));
      for (const [path, type] of [
        ['/', 'text/html'],
        ['/console.css', 'text/css'],
        ['/console.js', 'text/javascript'],
        ['/outlook.js', 'text/javascript'],
      ] as const) {
        const page = await fetch(`http://127.0.0.1:${operator}${path}`);
        expect(page.status, path).toBe(200);
        expect(page.headers.get('content-type')).toContain(type);
      }
      // A bundle that renamed the class would run the migration again on a database made from sources.
      const { rows } = await pair.controlPool.query<{ name: string }>('select name from migration');
      expect(rows.map((row) => row.name)).toEqual(['Control1700000000000']);
    } finally {
      await Promise.all(started.map((one) => one.stop()));
    }
    expect(await Promise.all(started.map((one) => one.exit))).toEqual([0, 0, 0]);
  });
});
