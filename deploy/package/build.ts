import { spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { build } from 'esbuild';

/**
 * Bundles the tool for publishing: Node strips no types under node_modules, and `#` imports name source folders, so what is
 * packed is plain JavaScript, one file a process with shared chunks. Packages stay dependencies.
 */
rmSync('dist', { recursive: true, force: true });
await build({
  entryPoints: {
    index: 'control/plan/config.ts',
    matapalo: 'bin/matapalo.ts',
    operator: 'control/operator/main.ts',
    cdc: 'cdc/main.ts',
    proxy: 'strangler-proxy/main.ts',
  },
  outdir: 'dist',
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node22',
  packages: 'external',
  sourcemap: false,
  // The console's page is read as text by the operator.
  loader: { '.html': 'text' },
  logLevel: 'warning',
});
const types = spawnSync(
  process.execPath,
  [
    'node_modules/typescript/bin/tsc',
    'control/plan/config.ts',
    '--ignoreConfig',
    '--declaration',
    '--emitDeclarationOnly',
    '--module',
    'nodenext',
    '--target',
    'es2024',
    '--types',
    'node',
    '--outDir',
    'dist/types',
  ],
  { stdio: 'inherit' },
);
process.exitCode = types.status ?? 1;
