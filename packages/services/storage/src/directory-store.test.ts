import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { blobStoreContract, retainingContract } from '@signwright/testkit';
import { afterAll, beforeAll } from 'vitest';
import { createDirectoryStore } from './directory-store.ts';

let place: string;
let stores = 0;
beforeAll(async () => {
  place = await mkdtemp(join(tmpdir(), 'signwright-storage-'));
});
afterAll(() => rm(place, { recursive: true }));

blobStoreContract('the directory store', () => {
  const directory = join(place, `${stores++}`, 'deep');
  return { open: () => createDirectoryStore(directory) };
});

retainingContract('the directory store', undefined, () => createDirectoryStore(join(place, `${stores++}`)));
