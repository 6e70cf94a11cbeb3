import { spawnSync } from 'node:child_process';
import { copyFileSync, cpSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { writeLicences } from './licences.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const cli = join(root, 'packages/apps/cli');
/** Native, so built where it is installed: whoever signs with a key on a token installs it beside. */
const OPTIONAL = 'pkcs11js';

/** Packs the command as users install it from npm: without what only its build needs. */
export function packForNpm(file: string): void {
  const folder = mkdtempSync(join(tmpdir(), 'signwright-npm-'));
  try {
    stage(folder);
    renameSync(join(folder, npmPack(folder)), file);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The bundle in its files, which start fastest. Not what V8 compiled of them: that is for one Node alone, and differs from build to build. */
function stage(folder: string): void {
  const parts = readdirSync(join(cli, 'bundle')).filter((name) => name.endsWith('.cjs') && name !== 'signwright.cjs');
  for (const name of parts) cpSync(join(cli, 'bundle', name), join(folder, 'bundle', name));
  cpSync(join(cli, 'bin'), join(folder, 'bin'), { recursive: true });
  copyFileSync(join(root, 'tools/ship/npm-readme.md'), join(folder, 'README.md'));
  copyFileSync(join(root, 'LICENSE'), join(folder, 'LICENSE'));
  writeLicences(join(folder, 'licences.txt'));
  writeFileSync(join(folder, 'package.json'), `${JSON.stringify(manifest(), undefined, 2)}\n`);
}

function manifest(): object {
  const read = (path: string): Record<string, unknown> =>
    JSON.parse(readFileSync(join(root, path), 'utf8')) as Record<string, unknown>;
  const { name, version, description, license, bin, engines } = read('packages/apps/cli/package.json');
  const { optionalDependencies } = read('packages/signers/pkcs11/package.json') as Record<string, Record<string, string>>;
  return {
    name,
    version,
    description,
    license,
    bin,
    files: ['bin', 'bundle', 'licences.txt'],
    engines,
    peerDependencies: { [OPTIONAL]: optionalDependencies?.[OPTIONAL] },
    peerDependenciesMeta: { [OPTIONAL]: { optional: true } },
  };
}

/** npm's own entry where npm runs us, so that no shell is needed. @returns the name of the package it wrote into the folder. */
function npmPack(folder: string): string {
  const entry = process.env['npm_execpath'];
  const [command, first] = entry ? [process.execPath, [entry]] : ['npm', []];
  const args = [...first, 'pack', '--silent', '--ignore-scripts', '--offline'];
  const { status, stdout, stderr, error } = spawnSync(command, args, { cwd: folder, encoding: 'utf8' });
  if (error) throw error;
  if (status !== 0) throw new Error(`npm pack failed: ${stderr}`);
  return stdout.trim();
}
