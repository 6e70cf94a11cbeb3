import { type BlobStore, SignwrightError } from '@signwright/signing-core';
import { createMemoryBlobStore } from '@signwright/testkit';
import { expect, test } from 'vitest';
import type { CertificateEvent } from './events.ts';
import { inventoryOf } from './inventory.ts';
import { change, openJournal } from './journal.ts';

const at = '2026-11-23T12:00:00.000Z';
const taken = (number: number): CertificateEvent => ({
  type: 'reserved',
  at,
  serial: number.toString(16).padStart(32, '0'),
  authority: 'acme',
  profile: 'ci',
  key: 'a2V5',
  san: 'https://gitlab.example/a//ci@refs/heads/main',
  issuer: 'https://gitlab.example',
  notBefore: at,
  notAfter: '2026-11-24T12:00:00.000Z',
  requester: 'ci',
});

test('what is appended is read back in order, over pages and behind them', async () => {
  const blobs = createMemoryBlobStore();
  const journal = openJournal(blobs);
  let state = await journal.read();
  for (let number = 0; number < 600; number++) {
    const after = await journal.append(state, [taken(number)]);
    if (after === undefined) throw new Error('nobody else writes');
    state = after;
  }
  const again = await openJournal(blobs).read();
  expect(again).toEqual(state);
  // By now its pages are written, and say the same.
  expect(await openJournal(blobs).read()).toEqual(state);
  expect(await blobs.get('pages/0000000001')).toBeDefined();
  expect(inventoryOf(again.events).entries).toHaveLength(600);
});

test('of many that change the same state, each is carried out once, and none twice', async () => {
  const blobs = createMemoryBlobStore();
  await Promise.all(Array.from({ length: 20 }, (_, number) => change(openJournal(blobs), () => ({ events: [taken(number)] }))));
  const { events } = await openJournal(blobs).read();
  expect(new Set(events.map((event) => 'serial' in event && event.serial)).size).toBe(20);
  expect(events).toHaveLength(20);
});

test('who was not first changes nothing', async () => {
  const journal = openJournal(createMemoryBlobStore());
  const state = await journal.read();
  expect(await journal.append(state, [taken(1)])).toBeDefined();
  expect(await journal.append(state, [taken(2)])).toBeUndefined();
  expect((await journal.read()).events).toEqual([taken(1)]);
});

test('a write that took effect and whose answer was lost counts', async () => {
  const blobs = createMemoryBlobStore();
  const losing: BlobStore = {
    ...blobs,
    async putIfAbsent(key, bytes) {
      await blobs.putIfAbsent(key, bytes);
      throw new SignwrightError('unreachable', 'the answer was lost');
    },
  };
  const journal = openJournal(losing);
  expect(await journal.append(await journal.read(), [taken(1)])).toMatchObject({ position: 1 });
});

test.each([
  ['an entry is missing', 1, undefined, 'is missing, and later ones are not'],
  ['an entry is something else', 1, Buffer.from('{}'), 'version must be 1'],
  [
    'an event is unknown',
    1,
    Buffer.from('{"events":[{"at":"2026-11-23T12:00:00Z","type":"forgotten"}],"id":"x","version":1}'),
    'is none that this version knows',
  ],
])('where %s, that is said, and nothing is made of the rest', async (_, number, bytes, message) => {
  const blobs = createMemoryBlobStore();
  const journal = openJournal(blobs);
  let state = await journal.read();
  for (let index = 0; index < 3; index++) state = (await journal.append(state, [taken(index)])) ?? state;
  const damaged: BlobStore = {
    ...blobs,
    get: async (key) =>
      key === `journal/${String(number).padStart(12, '0')}` ? bytes && { bytes, version: 'x' } : blobs.get(key),
  };
  await expect(openJournal(damaged).read()).rejects.toThrow(
    expect.objectContaining({ code: 'verification', message: expect.stringContaining(message) }),
  );
});

test('what happened to a certificate comes to its entry', () => {
  const digest = `sha256:${'1'.repeat(64)}` as const;
  const order = `sha256:${'2'.repeat(64)}` as const;
  const serial = taken(1).type === 'reserved' ? '00000000000000000000000000000001' : '';
  const { bySerial, byDigest } = inventoryOf([
    taken(1),
    { type: 'issued', at, authority: 'acme', serial, digest },
    { type: 'described', at, digest, owner: 'security@acme.example' },
    { type: 'revoked', at, authority: 'acme', serial, reason: 'keyCompromise', by: 'ann', order },
    { type: 'revoked', at: '2026-11-23T13:00:00Z', authority: 'acme', serial, reason: 'superseded', by: 'bob', order },
  ]);
  const entry = bySerial('acme', serial);
  expect(byDigest(digest)).toBe(entry);
  expect(entry).toMatchObject({
    owner: 'security@acme.example',
    revoked: { reason: 'keyCompromise', by: 'ann' },
  });
});
