import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['**/*.test.ts'],
    exclude: ['node_modules/**', 'dist/**', '.matapalo/**', 'test/boundaries/fixtures/**'],
    // Real servers start in hooks; the machine may be slow, and no test asserts a wall-clock time.
    testTimeout: 120_000,
    hookTimeout: 180_000,
    pool: 'forks',
    maxWorkers: 2,
  },
});
