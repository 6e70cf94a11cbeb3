import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { openAuditLog } from '@signwright/audit-log';
import { type Receipt, SignwrightError } from '@signwright/signing-core';
import { createDirectoryStore } from '@signwright/storage';
import { auditLogContract, mountTmpfs, testAuditLog, whyNoMount } from '@signwright/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { judgeLog, makeLogKey, type SharedLog, startWriter } from './log-writers.ts';

// The audit log on a directory that many processes share, and on which any of them may die at any moment.

let place: string;
let made = 0;
const pem = makeLogKey();
beforeAll(() => {
  place = mkdtempSync(join(tmpdir(), 'signwright-log-'));
});
afterAll(() => rmSync(place, { recursive: true }));

function newDirectory(): { directory: string; log: SharedLog } {
  const directory = join(place, `${made++}`);
  return { directory, log: { store: `storage.createDirectoryStore(${JSON.stringify(directory)})`, pem } };
}

auditLogContract('the audit log in a directory', () => {
  const { signer, job, keys, clock, open, sealBy } = testAuditLog();
  const { directory } = newDirectory();
  const options = (): Pick<Parameters<typeof openAuditLog>[0], 'blobs' | 'keys' | 'clock' | 'witnesses' | 'count'> => ({
    blobs: createDirectoryStore(directory),
    keys,
    clock,
    witnesses: [],
    count: 0,
  });
  return {
    keys,
    open: () => openAuditLog({ ...options(), signer, segments: { open, seal: sealBy(signer) } }),
    openWithoutKey: () => openAuditLog({ ...options(), segments: { open, seal: sealBy(job) } }),
  };
});

/** Runs writers on one directory to their end. @returns what is wrong with what came of it. */
async function manyWriters(count: number, options: Parameters<typeof startWriter>[1]): Promise<string[]> {
  const { directory, log } = newDirectory();
  const writers = Array.from({ length: count }, (_, i) => startWriter(log, { ...options, withoutKey: i % 5 === 4 }));
  const wrong: string[] = [];
  for (const { ended } of writers) {
    const { code, said } = await ended;
    if (code !== 0) wrong.push(`a writer failed: ${said}`);
  }
  const judged = await judgeLog(
    createDirectoryStore(directory),
    pem,
    writers.flatMap(({ acknowledged }) => acknowledged),
  ).catch((error: unknown) => {
    if (error instanceof SignwrightError) return [error.message];
    throw error;
  });
  return [...wrong, ...judged];
}

describe('many processes on one directory', () => {
  test('50 at once: all that was acknowledged is there, once, and the log is sound', { timeout: 300_000 }, async () => {
    expect(await manyWriters(50, { rounds: 3 })).toEqual([]);
  });

  test.each(['compareAndSwap', 'putIfAbsent'] as const)(
    'the test above has teeth: it fails where %s is blind',
    { timeout: 300_000 },
    async (blind) => {
      // It takes two that swap at the same moment; few enough runs show it.
      let wrong: string[] = [];
      for (let tries = 0; wrong.length === 0 && tries < 20; tries++) wrong = await manyWriters(10, { rounds: 10, blind });
      expect(wrong.join('\n')).toMatch(blind === 'putIfAbsent' ? /is lost|damaged/ : /rolled back|is lost|damaged/);
    },
  );
});

describe('kill -9', () => {
  test('at any moment, of some of many: nothing acknowledged is lost', { timeout: 300_000 }, async () => {
    const { directory, log } = newDirectory();
    const acknowledged: string[][] = [];
    for (let round = 0; round < 4; round++) {
      const writers = Array.from({ length: 4 }, (_, i) => startWriter(log, { withoutKey: i === 3 }));
      acknowledged.push(...writers.map((writer) => writer.acknowledged));
      while (writers.some((writer) => writer.acknowledged.length === 0)) await wait(20);
      for (const { child, ended } of writers) {
        await wait(Math.random() * 150);
        child.kill('SIGKILL');
        await ended;
      }
      expect(await judgeLog(createDirectoryStore(directory), pem, acknowledged.flat())).toEqual([]);
    }
    expect(acknowledged.flat().length).toBeGreaterThan(60);
  });

  test.each([
    ['with the log key', false],
    ['without it', true],
  ])('between every two writes of a run %s: whoever comes next completes it', { timeout: 600_000 }, async (_, withoutKey) => {
    // A log that is about to fill its first tile and its first group of segments.
    const { directory: base, log: begun } = newDirectory();
    const first = startWriter(begun, { rounds: 84 });
    expect((await first.ended).code).toBe(0);
    for (let rounds = 0; rounds < 43; rounds += 21) {
      const filler = startWriter(begun, { rounds: 21, withoutKey: true });
      expect((await filler.ended).code).toBe(0);
    }
    /** @returns whether the run was over before it died. */
    const dying = async (dieAt: number): Promise<boolean> => {
      const { directory, log } = newDirectory();
      cpSync(base, directory, { recursive: true });
      const writer = startWriter(log, { rounds: 4, dieAt, withoutKey });
      const { code, said } = await writer.ended;
      const acknowledged = [...first.acknowledged, ...writer.acknowledged];
      expect(await judgeLog(createDirectoryStore(directory), pem, acknowledged), `died at ${dieAt}: ${said}`).toEqual([]);
      rmSync(directory, { recursive: true });
      if (code === 0) expect(writer.acknowledged).toHaveLength(12);
      return code === 0;
    };
    let dieAt = 0;
    while (!(await Promise.all([dying(dieAt), dying(dieAt + 1)])).includes(true)) dieAt += 2;
    expect(dieAt).toBeGreaterThanOrEqual(withoutKey ? 16 : 20);
  });
});

const noMount = whyNoMount();
describe.skipIf(noMount !== undefined)(`a disk that fills up${noMount === undefined ? '' : ` (skipped: ${noMount})`}`, () => {
  test('at every write: what was acknowledged stays, and the log goes on when there is space', { timeout: 300_000 }, async () => {
    const { signer, keys, clock, open, sealBy } = testAuditLog();
    const small = join(place, 'small');
    mkdirSync(small);
    const unmount = mountTmpfs(small, 'size=2m');
    try {
      for (let left = 4; left <= 120; left += 8) {
        const directory = join(small, `${left}`);
        const opened = () =>
          openAuditLog({
            blobs: createDirectoryStore(directory),
            keys,
            clock,
            witnesses: [],
            count: 0,
            signer,
            segments: { open, seal: sealBy(signer) },
          });
        mkdirSync(directory);
        const filler = join(small, 'filler');
        fill(filler, left);
        const log = await opened();
        const receipts: Receipt[] = [];
        const fillUp = async (): Promise<void> => {
          for (let i = 0; i < 12; i++) receipts.push(...(await log.append([Buffer.alloc(6000, `${left} ${i} `)])));
        };
        const full = { code: 'unreachable', next: expect.stringMatching(/free space/) };
        await fillUp().catch((error: unknown) => expect(error).toMatchObject(full));
        rmSync(filler);
        const after = await opened();
        await after.append([Buffer.from('{}')]);
        for (const receipt of receipts) expect(await after.prove(receipt)).toBeDefined();
        rmSync(directory, { recursive: true });
      }
    } finally {
      unmount();
    }
  });

  /** Leaves this many KiB free. */
  function fill(file: string, left: number): void {
    for (let size = 2048 - left; size > 0; size -= 4) {
      try {
        writeFileSync(file, Buffer.alloc(size * 1024, 1));
        return;
      } catch {
        rmSync(file, { force: true });
      }
    }
  }
});
