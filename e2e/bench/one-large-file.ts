import { randomBytes } from 'node:crypto';
import { closeSync, fsyncSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { peer } from '../peers.ts';
import { compare, type Row } from './measure.ts';
import { makeCosignKey, makeTrial, type Trial } from './trial.ts';

const BYTES = 1_000_000_000;
const CHUNK = 10_000_000;
const MEMORY = 200_000_000;
const ROUNDS = 3;

/** One file of 1 GB: signing and verifying against hashing it with openssl, with cosign for comparison. */
export async function oneLargeFile(): Promise<Row[]> {
  const trial = makeTrial('certificate');
  try {
    writeLarge(join(trial.directory, 'dist', 'large.tgz'));
    const cosign = peer('cosign');
    const { flags, env } = makeCosignKey(cosign, trial.directory);
    const openssl = { program: peer('openssl'), args: ['dgst', '-sha256', 'dist/large.tgz'], cwd: trial.directory };
    const cosignSign = { program: cosign, args: [...flags, '--bundle', 'b.json', 'dist/large.tgz'], cwd: trial.directory, env };
    const cosignVerify = {
      program: cosign,
      args: ['verify-blob', '--key', 'cosign.pub', '--bundle', 'b.json', '--insecure-ignore-tlog', 'dist/large.tgz'],
      cwd: trial.directory,
    };

    const sign = { ...trial.signwright('sign', '--quiet'), prepare: () => forget(trial) };
    const [hash, ourSign, verify, theirSign, theirVerify] = await compare(ROUNDS, [
      openssl,
      sign,
      trial.signwright('verify'),
      cosignSign,
      cosignVerify,
    ]);
    const hashing = hash?.ms ?? 0;
    const memory = (ours: number, theirs: { memory: number } | undefined): Row['memory'] => ({
      ours,
      theirs: theirs?.memory ?? 0,
      atMost: MEMORY,
    });
    return [
      {
        what: 'sign 1 GB',
        ours: ourSign?.ms ?? 0,
        theirs: hashing,
        against: 'openssl dgst -sha256',
        goal: { atMost: 1.25 },
        memory: memory(ourSign?.memory ?? 0, theirSign) as NonNullable<Row['memory']>,
      },
      {
        what: 'verify 1 GB',
        ours: verify?.ms ?? 0,
        theirs: hashing,
        against: 'openssl dgst -sha256',
        goal: { atMost: 1.25 },
        memory: memory(verify?.memory ?? 0, theirVerify) as NonNullable<Row['memory']>,
      },
      { what: 'sign 1 GB', ours: ourSign?.ms ?? 0, theirs: theirSign?.ms ?? 0, against: 'cosign sign-blob', goal: { atMost: 1 } },
      {
        what: 'verify 1 GB',
        ours: verify?.ms ?? 0,
        theirs: theirVerify?.ms ?? 0,
        against: 'cosign verify-blob',
        goal: { atMost: 1 },
      },
    ];
  } finally {
    trial.remove();
  }
}

/** A second run would reuse what the first one signed. */
function forget(trial: Trial): void {
  rmSync(join(trial.directory, '.signwright', 'evidence'), { recursive: true, force: true });
  rmSync(join(trial.directory, 'dist', 'large.tgz.sigstore.json'), { force: true });
}

function writeLarge(path: string): void {
  const file = openSync(path, 'w');
  const chunk = randomBytes(CHUNK);
  for (let written = 0; written < BYTES; written += CHUNK) writeSync(file, chunk);
  fsyncSync(file);
  closeSync(file);
}
