// node tools/bundle/vsix.ts [FILE]: packs the extension that was built, as the marketplace of Azure DevOps takes it.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { locate } from '../peers/locate.ts';
import { PEERS } from '../peers/peers.ts';
import { Failure, run } from '../peers/run.ts';
import { settled } from './zip.ts';

const built = fileURLToPath(new URL('../../packages/adapters/azure-devops-extension/bundle', import.meta.url));
const file = resolve(process.argv[2] ?? join(built, '..', 'dist', 'signwright.vsix'));
const entry = PEERS.find(({ name }) => name === 'tfx');
const tfx = entry === undefined ? undefined : locate(entry);
if (tfx === undefined) throw new Failure('tfx is not installed: node tools/peers/install.ts tfx');

// tfx keeps settings in the home directory, and needs none.
const home = mkdtempSync(join(tmpdir(), 'signwright-tfx-'));
try {
  const args = ['--root', built, '--manifest-globs', 'vss-extension.json', '--output-path', file, '--no-color', '--no-prompt'];
  await run(tfx, ['extension', 'create', ...args], { environment: { PATH: process.env['PATH'] ?? '', HOME: home } });
  writeFileSync(file, settled(readFileSync(file)));
  console.log(file);
} finally {
  rmSync(home, { recursive: true, force: true });
}
