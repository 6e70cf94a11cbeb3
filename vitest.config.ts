import { defineConfig } from 'vitest/config';

export default defineConfig({
  ssr: { resolve: { conditions: ['source'], externalConditions: ['source'] } },
  resolve: { conditions: ['source'] },
  test: {
    setupFiles: [new URL('tools/testing/patterns-match.ts', import.meta.url).pathname],
    include: ['packages/**/src/**/*.test.ts', 'tools/**/*.test.ts'],
    exclude: ['**/node_modules/**', '**/dist/**', 'packages/adapters/**/resources/**'],
    testTimeout: 30_000,
  },
});
