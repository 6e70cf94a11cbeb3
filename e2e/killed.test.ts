import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { readRecord, recordsIn } from '@signwright/signing-core';
import { createWorkspace, trialPolicy, type Workspace } from '@signwright/testkit';
import { beforeAll, expect, test } from 'vitest';
import { describePeer, peer } from './peers.ts';
import { type Ended, runPeer } from './scenario.ts';

// The whole command line, killed or failed at every write to the disk, in turn: strace does it at the n-th call.

const COMMAND = fileURLToPath(new URL('../packages/apps/cli/bin/signwright.cjs', import.meta.url));
/** One thread does all file work, so that the n-th call is the same each time. */
const ONE_THREAD = { UV_THREADPOOL_SIZE: '1' };
const CALLS = ['fsync', 'rename', 'link'] as const;

async function project(): Promise<Workspace> {
  const here = await createWorkspace({ files: { 'dist/a.bin': 'a', 'dist/b.bin': 'b' } });
  const init = await here.run(['audit', 'init', '--name', 'log.example/killed', '--key', 'keys/log.pem']);
  const key = /verifier-keys: \["(.+)"\]/.exec(init.stdout)?.[1];
  const audit = `  recorded: { extends: internal, audit: required }\naudit: { log: log, key: keys/log.pem, verifier-keys: ["${key}"] }\n`;
  here.write('signwright.yaml', trialPolicy('  - { match: "dist/**", tier: recorded }', audit));
  return here;
}

/** Signs under strace; `inject` says what befalls it. */
function signUnder(here: Workspace, inject: readonly string[]): Promise<Ended> {
  const args = ['-f', '-qq', '-o', '/dev/null', '-e', `trace=${CALLS.join(',')}`, ...inject, process.execPath, COMMAND, 'sign'];
  return runPeer(here, peer('strace'), args, { ...ONE_THREAD, HOME: here.directory, CI: '' });
}

/** How often a whole run makes each call. */
async function countCalls(): Promise<ReadonlyMap<string, number>> {
  const here = await project();
  const args = ['-f', '-c', '-e', `trace=${CALLS.join(',')}`, process.execPath, COMMAND, 'sign'];
  const { status, stderr } = await runPeer(here, peer('strace'), args, { ...ONE_THREAD, HOME: here.directory, CI: '' });
  here.remove();
  expect(status).toBe(0);
  // Columns: % time, seconds, usecs/call, calls, errors where there are any, the call.
  const rows = stderr.split('\n').map((line) => line.trim().split(/\s+/));
  return new Map(CALLS.map((call) => [call, Number(rows.find((row) => row.at(-1) === call)?.[3] ?? 0)]));
}

/** Results in the log's segments that say something was signed. */
function signedResults(here: Workspace): number {
  const records = here.files('log/segments').flatMap((name) => recordsIn(readFileSync(here.path(`log/segments/${name}`))));
  return records.filter((bytes) => {
    const { record } = readRecord(bytes);
    return record.event === 'result' && record.outcome === 'signed';
  }).length;
}

/** What must hold whatever befell a run: what is published is recorded, and the next run completes it. */
async function checkAfter(here: Workspace, what: string): Promise<void> {
  const published = here.evidence().size > 0 || here.files('dist').length > 2;
  if (published) expect(signedResults(here), what).toBeGreaterThan(0);
  const again = await here.run(['sign']);
  expect(again.status, `${what}: ${again.stderr}`).toBe(0);
  const after = await here.run(['verify']);
  expect(after.status, `${what}: ${after.stdout}`).toBe(0);
  const audit = await here.run(['audit', 'verify']);
  expect(audit.status, `${what}: ${audit.stdout}${audit.stderr}`).toBe(0);
}

describePeer('strace', 'a run of sign that is killed or fails at any write to the disk', () => {
  let counts: ReadonlyMap<string, number>;
  beforeAll(async () => {
    counts = await countCalls();
  });

  test.each(CALLS)(
    'killed at each %s: nothing is published without its record, and the next run completes it',
    {
      timeout: 900_000,
    },
    async (call) => {
      const count = counts.get(call) ?? 0;
      expect(count).toBeGreaterThan(3);
      // The log is put in order meanwhile, so runs differ by a few calls: on until one comes to its end.
      let nth = 0;
      for (let ended = false; !ended; ) {
        nth++;
        const here = await project();
        const { status } = await signUnder(here, ['-e', `inject=${call}:signal=SIGKILL:when=${nth}`]);
        ended = status === 0;
        await checkAfter(here, `killed at ${call} ${nth} of ${count}`);
        here.remove();
      }
      expect(nth).toBeGreaterThan(count / 2);
    },
  );

  test.each(['ENOSPC', 'EIO'])(
    'failed with %s at each fsync: it says so, and nothing is published without its record',
    {
      timeout: 900_000,
    },
    async (error) => {
      const count = counts.get('fsync') ?? 0;
      for (let nth = 1; nth <= count; nth += error === 'EIO' ? 3 : 1) {
        const here = await project();
        const { status, stderr } = await signUnder(here, ['-e', `inject=fsync:error=${error}:when=${nth}`]);
        expect([0, 3], `${error} at fsync ${nth}: ${stderr}`).toContain(status);
        if (status === 3) expect(stderr).toMatch(/error: /);
        await checkAfter(here, `${error} at fsync ${nth} of ${count}`);
        here.remove();
      }
    },
  );
});
