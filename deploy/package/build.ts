import { spawnSync } from 'node:child_process';
import { cpSync, readFileSync, rmSync } from 'node:fs';
import { build, type Plugin } from 'esbuild';

/**
 * Bundles the tool for publishing: Node strips no types under node_modules, and `#` imports name source folders, so what is
 * packed is plain JavaScript, one file a process with shared chunks. Packages stay dependencies.
 */

/** The operator reads the console's files from beside its own source; bundled, they lie beside the bundle. */
const consoleBesideBundle: Plugin = {
  name: 'console-beside-bundle',
  setup(bundling) {
    bundling.onLoad({ filter: /control[/\\]operator[/\\]api[/\\]console\.ts$/ }, ({ path }) => {
      const source = readFileSync(path, 'utf8');
      const contents = source.replace('../../console/', './console/');
      // Else the packed operator would fail at its start, and nothing here would say so.
      if (contents === source) throw new Error(`${path} no longer reads ../../console/: mend this plugin.`);
      return { contents, loader: 'ts' };
    });
    bundling.onEnd(() =>
      cpSync('control/console', 'dist/console', { recursive: true, filter: (path) => !path.endsWith('.ts') }),
    );
  },
};

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
  plugins: [consoleBesideBundle],
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
    // Sources name each other with `.ts`; beside a declaration that is found as `.d.ts`.
    '--allowImportingTsExtensions',
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
