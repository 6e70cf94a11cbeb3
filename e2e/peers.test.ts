import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { peer } from './peers.ts';

let room: string;

beforeEach(() => {
  room = mkdtempSync(join(tmpdir(), 'signwright-no-peers-'));
  const suite = `import { describePeer, peer } from ${JSON.stringify(join(import.meta.dirname, 'peers.ts'))};
describePeer('cosign', 'cosign verifies', () => { peer('cosign'); test('something', () => {}); });
describePeer([], 'needs nobody', () => { test('something', () => {}); });`;
  writeFileSync(join(room, 'some.test.mjs'), suite);
});
afterEach(() => rmSync(room, { recursive: true, force: true }));

/** Runs the suite where no peer is in the cache. */
function runWithoutPeers(ci: string): Promise<{ code: number; said: string }> {
  const vitest = join(import.meta.dirname, '../node_modules/vitest/vitest.mjs');
  const env = { ...process.env, XDG_CACHE_HOME: room, CI: ci, NO_COLOR: '1' };
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [vitest, 'run', '--root', room, '--globals', '--reporter=verbose'],
      { env },
      (error, stdout, stderr) => resolve({ code: error === null ? 0 : Number(error.code), said: stdout + stderr }),
    );
  });
}

test('on a laptop a suite whose peer is missing is skipped, and its title says how to install it', async () => {
  const { code, said } = await runWithoutPeers('');
  expect(code).toBe(0);
  expect(said).toContain('cosign verifies (skipped: cosign v3.1.3 is not installed (node tools/peers/install.ts cosign))');
  expect(said).toMatch(/1 passed \| 1 skipped/);
});

test('in CI a missing peer fails', async () => {
  const { code, said } = await runWithoutPeers('true');
  expect(code).toBe(1);
  expect(said).toContain('cosign verifies: cosign v3.1.3 is not installed');
});

test('the path of a peer is that of a program', () => {
  expect(peer('openssl')).toMatch(/\/openssl$/);
});
