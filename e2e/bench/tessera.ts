import { type ChildProcess, spawn } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { verifierKeyOf } from '@signwright/signing-core';
import { peer } from '../peers.ts';
import { freePort } from '../scenario.ts';

const NAME = 'tessera.example';
/** The hammer begins a second after it is started; then the writers find their pace. */
const BEGINNING = 3_000;

/**
 * Leaves a second that Tessera's POSIX personality integrates, durably, under its own hammer, all of them different.
 *
 * @param processes how many personalities share the directory; the hammer's writers take turns among them.
 */
export async function tesseraRate(writers: number, leaf: number, milliseconds: number, processes: number): Promise<number> {
  const directory = mkdtempSync(join(tmpdir(), 'tessera-bench-'));
  const running: ChildProcess[] = [];
  try {
    const { verifierKey, file } = makeKey(directory);
    const log = join(directory, 'log');
    const urls: string[] = [];
    for (let number = 0; number < processes; number++) {
      const port = await freePort();
      const personality = start('posix', [`--listen=127.0.0.1:${port}`, `--storage_dir=${log}`, `--private_key=${file}`]);
      running.push(personality);
      urls.push(`http://127.0.0.1:${port}/`);
      await answers(`${urls[number]}checkpoint`, personality);
    }
    const load = [`--num_writers=${writers}`, `--leaf_min_size=${leaf}`, '--max_write_ops=100000', '--show_ui=false'];
    // Unless told, it sends a tenth twice; batches then wait until their second is over, and 400 leaves a second are all.
    const different = ['--dup_chance=0', '--num_readers_full=0', '--num_readers_random=0', `--log_public_key=${verifierKey}`];
    const places = [`--log_url=${urls[0]}`, ...urls.map((url) => `--write_log_url=${url}`)];
    running.push(start('hammer', [...load, ...different, ...places]));
    await wait(BEGINNING);
    const [before, began] = [sizeOf(log), performance.now()];
    await wait(milliseconds);
    return ((sizeOf(log) - before) / (performance.now() - began)) * 1000;
  } finally {
    for (const child of running.reverse()) {
      child.kill('SIGKILL');
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    }
    rmSync(directory, { recursive: true });
  }
}

/** What of the log is integrated, as its own state says: the checkpoint follows once a second only. */
function sizeOf(log: string): number {
  return (JSON.parse(readFileSync(join(log, '.state', 'treeState'), 'utf8')) as { size: number }).size;
}

/** A key as Go's sumdb/note has it. */
function makeKey(directory: string): { verifierKey: string; file: string } {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const { text, hash } = verifierKeyOf(NAME, publicKey, 'log');
  const id = hash.toString(16).padStart(8, '0');
  const seed = Buffer.from(privateKey.export({ format: 'jwk' }).d ?? '', 'base64url');
  const file = join(directory, 'key');
  writeFileSync(file, `PRIVATE+KEY+${NAME}+${id}+${Buffer.concat([Buffer.of(1), seed]).toString('base64')}`, {
    mode: 0o600,
  });
  return { verifierKey: text, file };
}

function start(program: 'posix' | 'hammer', args: readonly string[]): ChildProcess {
  return spawn(peer(program), args, { stdio: 'ignore' });
}

async function answers(url: string, server: ChildProcess): Promise<void> {
  for (let tries = 0; tries < 100 && server.exitCode === null; tries++) {
    if ((await fetch(url).catch(() => undefined))?.ok) return;
    await wait(100);
  }
  throw new Error("Tessera's personality does not answer");
}
