import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { peer } from '../peers.ts';
import { compare, type Row } from './measure.ts';
import { makeTrial } from './trial.ts';

const ROUNDS = 21;

/** What a pipeline waits for at every step: the version, and one small file judged by a policy. */
export async function startUp(): Promise<Row[]> {
  const trial = makeTrial('certificate');
  try {
    writeFileSync(join(trial.directory, 'dist', 'small.tgz'), 'x'.repeat(4096));
    const sign = trial.signwright('sign', '--quiet');
    const signed = spawnSync(sign.program, [...sign.args], { cwd: sign.cwd, encoding: 'utf8' });
    if (signed.status !== 0) throw new Error(signed.stderr);
    const cosign = peer('cosign');
    const verifyBlob = ['verify-blob', '--bundle', 'dist/small.tgz.sigstore.json', ...trial.identity, 'dist/small.tgz'];
    const [version, theirVersion, verify, theirVerify] = await compare(ROUNDS, [
      trial.signwright('--version'),
      { program: cosign, args: ['version'], cwd: trial.directory },
      trial.signwright('verify', 'dist/small.tgz'),
      { program: cosign, args: verifyBlob, cwd: trial.directory },
    ]);
    return [
      {
        what: '--version',
        ours: version?.ms ?? 0,
        theirs: theirVersion?.ms ?? 0,
        against: 'cosign version',
        goal: { atMost: 1.5 },
      },
      {
        what: 'verify one small file, by policy',
        ours: verify?.ms ?? 0,
        theirs: theirVerify?.ms ?? 0,
        against: 'cosign verify-blob',
        goal: { atMost: 2.5 },
      },
    ];
  } finally {
    trial.remove();
  }
}
