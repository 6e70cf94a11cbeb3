import { defineConfig } from 'vitest/config';

// Scenarios against real programs: the built CLI, real peers, one file at a time since they share two cores with the peers.
export default defineConfig({
  ssr: { resolve: { conditions: ['source'], externalConditions: ['source'] } },
  resolve: { conditions: ['source'] },
  test: {
    setupFiles: [new URL('../tools/testing/patterns-match.ts', import.meta.url).pathname],
    include: ['e2e/**/*.test.ts'],
    exclude: ['**/node_modules/**'],
    fileParallelism: false,
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
});
