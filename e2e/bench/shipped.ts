import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { type Command, compare, type Row, SIGNWRIGHT } from './measure.ts';
import { makeTrial } from './trial.ts';

const ROUNDS = 21;
const LAUNCHER = fileURLToPath(new URL('../../packages/adapters/launcher/launch.cjs', import.meta.url));
const SINGLE_FILE = join(SIGNWRIGHT, '..', '..', 'bundle', 'signwright.cjs');
/** What an adapter may add to the bare command, and what a step may take to install it from a cache; milliseconds. */
const [ADDED, INSTALLED] = [150, 1_000];

/** What adapters run, the single file through the launcher, against the command as npm installs it. */
export async function shipped(): Promise<Row[]> {
  const trial = makeTrial('certificate');
  try {
    const small = join('dist', 'small.tgz');
    writeFileSync(join(trial.directory, small), 'x'.repeat(4096));
    const { program, args, cwd } = trial.signwright('sign', '--quiet');
    const signed = spawnSync(program, [...args], { cwd, encoding: 'utf8' });
    if (signed.status !== 0) throw new Error(signed.stderr);

    const bytes = readFileSync(SINGLE_FILE);
    const cache = join(trial.directory, 'cache');
    const env = {
      SIGNWRIGHT_CLI: SINGLE_FILE,
      SIGNWRIGHT_CLI_SHA256: createHash('sha256').update(bytes).digest('hex'),
      SIGNWRIGHT_CACHE: cache,
    };
    const launched = (...rest: string[]): Command => ({ program, args: [LAUNCHER, ...rest], cwd: trial.directory, env });
    const fresh = { ...launched('--version'), prepare: () => rmSync(cache, { recursive: true, force: true }) };
    const [bareVersion, version, bareVerify, verify, install] = await compare(ROUNDS, [
      trial.signwright('--version'),
      launched('--version'),
      trial.signwright('verify', small),
      launched('verify', small),
      fresh,
    ]);
    const size = `${(bytes.length / 1e6).toFixed(1)} MB, ${(gzipSync(bytes).length / 1e6).toFixed(1)} MB compressed`;
    const against = 'bin/signwright.cjs';
    const row = (what: string, ours: number, theirs: number): Row => ({ what, ours, theirs, against });
    const [added, bare] = [(verify?.ms ?? 0) - (bareVerify?.ms ?? 0), bareVerify?.ms ?? 0];
    return [
      row(`--version, by the single file (${size}) through the launcher`, version?.ms ?? 0, bareVersion?.ms ?? 0),
      row('verify one small file, by the single file through the launcher', verify?.ms ?? 0, bare),
      { ...row('what that adds to verifying', added, bare), goal: { within: ADDED } },
      {
        ...row('install from a file into the cache, and --version', install?.ms ?? 0, bareVersion?.ms ?? 0),
        goal: { within: INSTALLED },
      },
    ];
  } finally {
    trial.remove();
  }
}
