import { defineConfig } from 'vitest/config';

const report = process.env['MATAPALO_TEST_REPORT'];

export default defineConfig({
  test: {
    include: ['**/*.test.ts'],
    exclude: ['node_modules/**', 'dist/**', '.matapalo/**'],
    // Real servers start in hooks; the machine may be slow, and no test asserts a wall-clock time.
    testTimeout: 120_000,
    hookTimeout: 180_000,
    pool: 'forks',
    reporters: report ? ['default', ['json', { outputFile: report }]] : ['default'],
    maxWorkers: 2,
  },
});
