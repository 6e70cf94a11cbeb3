// npm run lockfile: after npm install, adds what other platforms need and this registry lacks; -- --check only looks.
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { completeLockfile, type Lockfile } from './complete.ts';

const path = `${import.meta.dirname}/../../package-lock.json`;
const { lockfile, added } = completeLockfile(JSON.parse(readFileSync(path, 'utf8')) as Lockfile);

if (added.length === 0) {
  console.log('package-lock.json is complete');
} else if (process.argv.includes('--check')) {
  console.error(`package-lock.json lacks ${added.join(', ')}: run "npm run lockfile", or npm ci refuses it`);
  process.exitCode = 1;
} else {
  writeFileSync(`${path}.new`, `${JSON.stringify(lockfile, undefined, 2)}\n`);
  renameSync(`${path}.new`, path);
  console.log(`package-lock.json: added ${added.length} packages of other platforms`);
}
