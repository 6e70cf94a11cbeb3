// Bundles the command line into files without dependencies, packages/apps/cli/bundle/main.cjs and those it loads when it needs them,
// for Node 20 and newer, and keeps beside it what V8 compiled of it in a run, so that later ones start sooner.
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type BuildOptions, build, type PluginBuild } from 'esbuild';
import { bundledPackages } from './bundled-packages.ts';
import { writeSingleFile } from './single-file.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const cli = join(root, 'packages', 'apps', 'cli');
const command = join(cli, 'bin', 'signwright.cjs');

/** What is large and seldom needed lies in a file of its own, for each run reads the bundle whole: libraries that are loaded late. */
const APART = [
  { file: 's3.cjs', module: 'services/storage/dist/s3/sdk.js' },
  { file: 'aws-kms.cjs', module: 'signers/aws-kms/dist/sdk.js' },
  { file: 'google-kms.cjs', module: 'signers/google-kms/dist/sdk.js' },
  { file: 'azure-key-vault.cjs', module: 'signers/azure-key-vault/dist/sdk.js' },
  { file: 'gitbeaker.cjs', module: 'platforms/gitlab/dist/gitbeaker.js' },
  { file: 'jenkins.cjs', module: 'platforms/jenkins/dist/npm-jenkins.js' },
  { file: 'jose.cjs', module: 'services/workload-identity/dist/jose.js' },
  { file: 'sigstore.cjs', module: 'core/signing-core/dist/sigstore.js' },
  { file: 'x509.cjs', module: 'services/certificates/dist/trial/x509-modules.js' },
].map(({ file, module }) => ({ file, module: fileURLToPath(new URL(`../../packages/${module}`, import.meta.url)) }));
/** Native, so built where it is installed: asked for when a key is on a PKCS#11 token. */
const NATIVE = ['pkcs11js'];

const common = {
  absWorkingDir: root,
  bundle: true,
  minify: true,
  format: 'cjs',
  platform: 'node',
  target: 'node20.20',
  // The bundle is run as a script, which cannot import: what is loaded late is required instead.
  supported: { 'dynamic-import': false },
  mainFields: ['module', 'main'],
  legalComments: 'linked',
  logLevel: 'warning',
  external: NATIVE,
  metafile: true,
} satisfies BuildOptions;

rmSync(join(cli, 'bundle'), { recursive: true, force: true });
const built = await Promise.all(
  APART.map(({ file, module }) => build({ ...common, entryPoints: [module], outfile: join(cli, 'bundle', file) })),
);
const main = await build({
  ...common,
  entryPoints: [join(cli, 'dist', 'main.js')],
  outfile: join(cli, 'bundle', 'main.cjs'),
  sourcemap: 'linked',
  sourcesContent: false,
  plugins: [{ name: 'apart', setup: leaveApart }],
});

writeSingleFile(join(cli, 'bundle'));
const inside = bundledPackages([...built, main].map(({ metafile }) => metafile));
writeFileSync(join(cli, 'bundle', 'packages.json'), `${JSON.stringify(inside, undefined, 2)}\n`);

/** Requires what lies apart from where it will lie: beside the bundle, as bin/load.cjs sees it. */
function leaveApart({ onResolve }: PluginBuild): void {
  onResolve({ filter: /^\.\.?\// }, ({ path, resolveDir }) => {
    const apart = APART.find(({ module }) => module === join(resolveDir, path));
    return apart && { path: `../bundle/${apart.file}`, external: true };
  });
}

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
