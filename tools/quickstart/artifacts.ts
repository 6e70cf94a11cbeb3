import { spawnSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const REPOSITORY = fileURLToPath(new URL('../../', import.meta.url));
const PACKAGES = ['packages/core/signing-core', 'packages/core/policy', 'packages/apps/cli'];

/** Makes the artifacts of a release in `home` from this repository. @returns a line for each, for people. */
export function makeArtifacts(home: string): string[] {
  for (const directory of ['dist', 'release', 'keys']) mkdirSync(join(home, directory), { recursive: true });
  const packed = npm('pack', '--silent', ...PACKAGES.flatMap((path) => ['-w', path]), '--pack-destination', join(home, 'dist'));
  writeFileSync(join(home, 'packages.txt'), packed);
  writeFileSync(join(home, 'dist', 'signwright.cdx.json'), npm('sbom', '--sbom-format', 'cyclonedx', '--omit', 'dev'));
  writeFileSync(join(home, 'release', 'notes.md'), `# Release notes\n\n${history()}\n`);
  makeKey(join(home, 'keys'));
  return ['dist', 'release', 'keys'].flatMap((directory) =>
    readdirSync(join(home, directory)).map(
      (name) => `${`${directory}/${name}`.padEnd(44)} ${statSync(join(home, directory, name)).size} bytes`,
    ),
  );
}

/** npm's own entry where npm runs us, so that no shell is needed. */
function npm(...args: string[]): string {
  const entry = process.env['npm_execpath'];
  const [command, first] = entry ? [process.execPath, [entry]] : ['npm', []];
  const { status, stdout, stderr } = spawnSync(command, [...first, ...args], {
    cwd: REPOSITORY,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  });
  if (status === 0) return stdout;
  throw new Error(`npm ${args[0]} failed: ${stderr}`);
}

function history(): string {
  const { status, stdout } = spawnSync('git', ['log', '--max-count=12', '--format=- %s (%h)'], {
    cwd: REPOSITORY,
    encoding: 'utf8',
  });
  return status === 0 && stdout !== '' ? stdout.trimEnd() : '- this copy has no history';
}

/** A key pair in files, as a team without a KMS has it: readable by its owner alone. */
function makeKey(directory: string): void {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  writeFileSync(join(directory, 'release.pem'), privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 });
  writeFileSync(join(directory, 'release.pub'), publicKey.export({ type: 'spki', format: 'pem' }));
}
