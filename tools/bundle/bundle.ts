// Bundles the command line into one file without dependencies, packages/apps/cli/bundle/main.cjs, for Node 20 and newer, and keeps
// beside it what V8 compiled of it in a run, so that later ones start sooner.
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const cli = fileURLToPath(new URL('../../packages/apps/cli/', import.meta.url));
const command = join(cli, 'bin', 'signwright.cjs');

rmSync(join(cli, 'bundle'), { recursive: true, force: true });
await build({
  entryPoints: [join(cli, 'dist', 'main.js')],
  outfile: join(cli, 'bundle', 'main.cjs'),
  bundle: true,
  minify: true,
  sourcemap: 'linked',
  sourcesContent: false,
  format: 'cjs',
  platform: 'node',
  target: 'node20.20',
  // The bundle is run as a script, which cannot import: what is loaded late is required instead.
  supported: { 'dynamic-import': false },
  mainFields: ['module', 'main'],
  legalComments: 'linked',
  logLevel: 'warning',
});

const workspace = mkdtempSync(join(tmpdir(), 'signwright-build-'));
try {
  mkdirSync(join(workspace, 'dist'));
  writeFileSync(join(workspace, 'dist', 'app.tgz'), 'what the first run signs\n');
  const run = (...args: string[]): unknown =>
    execFileSync(process.execPath, args, { cwd: workspace, stdio: ['ignore', 'ignore', 'inherit'] });
  for (const args of [['init'], ['trust', 'init', '--trial'], ['sign', '--quiet']]) run(command, ...args);
  run(fileURLToPath(new URL('compile.cjs', import.meta.url)), 'verify');
} finally {
  rmSync(workspace, { recursive: true, force: true });
}
