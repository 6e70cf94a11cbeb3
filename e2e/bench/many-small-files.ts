import { randomBytes } from 'node:crypto';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { peer } from '../peers.ts';
import { type Command, compare, type Row, time } from './measure.ts';
import { makeCosignKey, makeTrial, type Trial } from './trial.ts';

const FILES = 1000;
/** cosign is run for this many files and its time scaled up: a process a file, one after the other, is the same each time. */
const SAMPLE = 20;
const ROUNDS = 3;

/** 1,000 files of 4 KiB: one run of ours against one process of cosign a file. */
export async function manySmallFiles(): Promise<Row[]> {
  const rows: Row[] = [];
  for (const signer of ['key', 'certificate'] as const) {
    const trial = makeTrial(signer);
    try {
      for (let file = 0; file < FILES; file++) writeFileSync(join(trial.directory, 'dist', `f${file}.tgz`), randomBytes(4096));
      rows.push(
        ...(await measure(signer === 'key' ? 'by key, with timestamps' : 'by trial certificate, with timestamps', trial)),
      );
    } finally {
      trial.remove();
    }
  }
  return rows;
}

async function measure(how: string, trial: Trial): Promise<Row[]> {
  const cosign = peer('cosign');
  const { flags, env } = makeCosignKey(cosign, trial.directory);
  const theirs = { sign: 0, verify: 0 };
  for (let file = 0; file < SAMPLE; file++) {
    const [name, bundle] = [`dist/f${file}.tgz`, `f${file}.json`];
    theirs.sign += (await time({ program: cosign, args: [...flags, '--bundle', bundle, name], cwd: trial.directory, env })).ms;
    const verify = ['verify-blob', '--key', 'cosign.pub', '--bundle', bundle, '--insecure-ignore-tlog', name];
    theirs.verify += (await time({ program: cosign, args: verify, cwd: trial.directory })).ms;
  }
  const scale = FILES / SAMPLE;
  const sign = (...flags: string[]): Command => ({
    ...trial.signwright('sign', '--quiet', ...flags),
    prepare: () => forget(trial),
  });
  const [withSidecars, verify, without] = await compare(ROUNDS, [sign(), trial.signwright('verify'), sign('--no-sidecars')]);
  const against = `cosign, ${FILES} processes`;
  return [
    {
      what: `sign ${FILES} files, ${how}, one bundle beside each`,
      ours: withSidecars?.ms ?? 0,
      theirs: theirs.sign * scale,
      against,
      goal: { faster: 100 },
    },
    {
      what: `sign ${FILES} files, ${how}, one part alone`,
      ours: without?.ms ?? 0,
      theirs: theirs.sign * scale,
      against,
      goal: { faster: 100 },
    },
    {
      what: `verify ${FILES} files, ${how}`,
      ours: verify?.ms ?? 0,
      theirs: theirs.verify * scale,
      against,
      goal: { faster: 20 },
    },
  ];
}

/** A second run would reuse what the first one signed. */
function forget(trial: Trial): void {
  rmSync(join(trial.directory, '.signwright', 'evidence'), { recursive: true, force: true });
  for (let file = 0; file < FILES; file++) rmSync(join(trial.directory, 'dist', `f${file}.tgz.sigstore.json`), { force: true });
}
