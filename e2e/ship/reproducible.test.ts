import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { digestOf, folder } from './launching.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const SINGLE_FILE = 'packages/apps/cli/bundle/signwright.cjs';
const MADE = /[/\\](node_modules|dist|target|packages[/\\]apps[/\\]cli[/\\]bundle)$/;

/** The sources of what is built, without anything that was built, in another folder; npm's packages are linked. */
function checkout(): string {
  const home = join(folder(), 'elsewhere, and deeper', 'signwright');
  for (const name of ['packages', 'tools', 'package.json', 'tsconfig.base.json', 'tsconfig.json'])
    cpSync(join(ROOT, name), join(home, name), { recursive: true, filter: (path) => !MADE.test(path) });
  const modules = join(home, 'node_modules');
  mkdirSync(modules);
  for (const name of readdirSync(join(ROOT, 'node_modules'))) {
    if (name === '@signwright')
      cpSync(join(ROOT, 'node_modules', name), join(modules, name), { recursive: true, verbatimSymlinks: true });
    else symlinkSync(join(ROOT, 'node_modules', name), join(modules, name));
  }
  return home;
}

it('the single file is the same, byte for byte, when it is built in another folder, at another hour, by a user of another language', () => {
  const home = checkout();
  const env = { ...process.env, TZ: 'Asia/Kathmandu', LC_ALL: 'sv_SE.UTF-8' };
  const run = (...args: string[]): unknown =>
    execFileSync(process.execPath, args, { cwd: home, env, stdio: ['ignore', 'ignore', 'inherit'] });
  run(join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc'), '-b', 'packages/apps/cli');
  run('tools/bundle/bundle.ts');
  expect(digestOf(readFileSync(join(home, SINGLE_FILE)))).toBe(digestOf(readFileSync(join(ROOT, SINGLE_FILE))));
}, 300_000);
