import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { blobStoreContract } from '@signwright/testkit';
import { afterAll, beforeAll, vi } from 'vitest';
import { createGitStore } from './git-store.ts';
import { parseGitReference } from './reference.ts';

// Dozens of pushes that race, each of several processes.
vi.setConfig({ testTimeout: 120_000 });

let place: string;
let stores = 0;
beforeAll(() => {
  place = mkdtempSync(join(tmpdir(), 'signwright-git-test-'));
  vi.stubEnv('TMPDIR', place);
});
afterAll(() => {
  vi.unstubAllEnvs();
  rmSync(place, { recursive: true });
});

function makeRepository(): string {
  const path = join(place, `${stores++}.git`);
  execFileSync('git', ['init', '--quiet', '--bare', path]);
  return `git+file://${path}#signwright-log`;
}

blobStoreContract('the git store', () => {
  const reference = parseGitReference(makeRepository());
  return { open: () => createGitStore(reference) };
});

blobStoreContract('the git store with a cache', () => {
  const reference = parseGitReference(makeRepository());
  const cache = join(place, `cache-${stores}`);
  return { open: () => createGitStore({ ...reference, cache }) };
});
