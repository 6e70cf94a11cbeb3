// Bundles the command line into packages/apps/cli/bundle: one entry, what is loaded when needed in chunks of its own, no
// dependencies to install, for Node 20 and newer.
import { rm } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const cli = fileURLToPath(new URL('../../packages/apps/cli/', import.meta.url));

await rm(`${cli}bundle`, { recursive: true, force: true });
await build({
  entryPoints: [`${cli}dist/main.js`],
  outdir: `${cli}bundle`,
  bundle: true,
  splitting: true,
  minify: true,
  sourcemap: 'linked',
  sourcesContent: false,
  format: 'esm',
  platform: 'node',
  target: 'node20.20',
  mainFields: ['module', 'main'],
  legalComments: 'linked',
  logLevel: 'warning',
  // CommonJS dependencies call require for Node's own modules.
  banner: {
    js: "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);",
  },
});
