import { createHash } from 'node:crypto';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { type Command, compare, type Row, SIGNWRIGHT } from './measure.ts';
import { makeTrial } from './trial.ts';

const ROUNDS = 21;
const LAUNCHER = fileURLToPath(new URL('../../packages/adapters/launcher/launch.cjs', import.meta.url));
const SINGLE_FILE = join(SIGNWRIGHT, '..', '..', 'bundle', 'signwright.cjs');
/** What a step may take to install it from a cache; milliseconds. */
const INSTALLED = 1_000;

/** How the single file starts through the launcher, against the command as npm installs it. */
export async function shipped(): Promise<Row[]> {
  const trial = makeTrial('certificate');
  try {
    const bytes = readFileSync(SINGLE_FILE);
    const cache = join(trial.directory, 'cache');
    const env = {
      SIGNWRIGHT_CLI: SINGLE_FILE,
      SIGNWRIGHT_CLI_SHA256: createHash('sha256').update(bytes).digest('hex'),
      SIGNWRIGHT_CACHE: cache,
    };
    const launched = (...args: string[]): Command => ({
      program: process.execPath,
      args: [LAUNCHER, ...args],
      cwd: trial.directory,
      env,
    });
    const fresh = { ...launched('--version'), prepare: () => rmSync(cache, { recursive: true, force: true }) };
    const [bareVersion, version, install] = await compare(ROUNDS, [trial.signwright('--version'), launched('--version'), fresh]);
    const size = `${(bytes.length / 1e6).toFixed(1)} MB, ${(gzipSync(bytes).length / 1e6).toFixed(1)} MB compressed`;
    const against = 'bin/signwright.cjs';
    const row = (what: string, ours: number, theirs: number): Row => ({ what, ours, theirs, against });
    return [
      row(`--version, by the single file (${size}) through the launcher`, version?.ms ?? 0, bareVersion?.ms ?? 0),
      {
        ...row('install from a file into the cache, and --version', install?.ms ?? 0, bareVersion?.ms ?? 0),
        goal: { within: INSTALLED },
      },
    ];
  } finally {
    trial.remove();
  }
}
