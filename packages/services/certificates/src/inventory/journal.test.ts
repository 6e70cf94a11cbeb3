import { type BlobStore, SignwrightError } from '@signwright/signing-core';
import { createFaultyBlobStore, createMemoryBlobStore } from '@signwright/testkit';
import { describe, expect, test } from 'vitest';
import { appendAll, inBatches } from './append-all.ts';
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

describe('a store that loses something', () => {
  /** A journal of 600 entries with its pages, without some of its blobs. */
  async function without(lost: (key: string) => boolean): Promise<BlobStore> {
    const blobs = createMemoryBlobStore();
    let state = await openJournal(blobs).read();
    const writer = openJournal(blobs);
    for (let number = 0; number < 600; number++) state = (await writer.append(state, [taken(number)])) ?? state;
    await openJournal(blobs).read();
    const gone = new Set<string>();
    return {
      ...blobs,
      get: async (key) => (lost(key) && !gone.has(key) ? undefined : blobs.get(key)),
      putIfAbsent: async (key, bytes) => {
        gone.add(key);
        return lost(key) ? true : blobs.putIfAbsent(key, bytes);
      },
    };
  }
  const entry = (number: number): string => `journal/${String(number).padStart(12, '0')}`;

  test('its pages are made anew of the entries', async () => {
    for (const lost of ['pages/0000000000', 'pages/']) {
      const { position } = await openJournal(await without((key) => key.startsWith(lost))).read();
      expect(position).toBe(600);
    }
  });

  test('entries that are in a page are not missed', async () => {
    const blobs = await without((key) => key.startsWith('journal/') && key < entry(512));
    expect((await openJournal(blobs).read()).events).toHaveLength(600);
  });

  test.each([512, 513, 530, 560, 580, 598])('entry %i, before later ones, is missed', async (number) => {
    const blobs = await without((key) => key === entry(number));
    await expect(openJournal(blobs).read()).rejects.toThrow(`entry ${number} of the inventory of certificates is missing`);
  });

  test('an entry that is nowhere, of a page that is lost too, is missed', async () => {
    const blobs = await without((key) => key === 'pages/0000000000' || key === entry(200));
    await expect(openJournal(blobs).read()).rejects.toThrow('entry 200 of the inventory of certificates is missing');
  });

  test('whoever has read it appends behind what they read, so that its loss is found', async () => {
    const blobs = createMemoryBlobStore();
    let forgets = false;
    const store: BlobStore = { ...blobs, get: async (key) => (forgets && key <= entry(4) ? undefined : blobs.get(key)) };
    const journal = openJournal(store);
    let state = await journal.read();
    for (let number = 0; number < 5; number++) state = (await journal.append(state, [taken(number)])) ?? state;
    await journal.read();
    forgets = true;
    const again = await journal.read();
    expect(again.position).toBe(5);
    expect(await journal.append(again, [taken(5)])).toBeDefined();
    await expect(openJournal(store).read()).rejects.toThrow('entry 0 of the inventory');
  });
});

test('a reader is not misled by writers that are quicker than it asks', async () => {
  const blobs = createMemoryBlobStore();
  const writer = openJournal(blobs);
  let state = await writer.read();
  // Between any two questions of the reader, another entry comes.
  const busy: BlobStore = {
    ...blobs,
    get: async (key) => {
      const found = await blobs.get(key);
      if (state.position < 300) state = (await writer.append(state, [taken(state.position)])) ?? state;
      return found;
    },
  };
  const { position, events } = await openJournal(busy).read();
  expect(events).toEqual(Array.from({ length: position }, (_, number) => taken(number)));
});

test('who may not write reads all the same', async () => {
  const blobs = createMemoryBlobStore();
  const writer = openJournal(blobs);
  let state = await writer.read();
  for (let number = 0; number < 300; number++) state = (await writer.append(state, [taken(number)])) ?? state;
  const { read } = openJournal(createFaultyBlobStore(blobs, () => 'failed'));
  expect((await read()).position).toBe(300);
});

test('what was read is not asked for again', async () => {
  const blobs = createMemoryBlobStore();
  const asked: string[] = [];
  const get = (key: string): ReturnType<BlobStore['get']> => {
    asked.push(key);
    return blobs.get(key);
  };
  const journal = openJournal({ ...blobs, get });
  let state = await journal.read();
  for (let number = 0; number < 20; number++) state = (await journal.append(state, [taken(number)])) ?? state;
  expect(await journal.read()).toEqual(state);
  asked.length = 0;
  expect(await journal.read()).toEqual(state);
  expect(asked.every((key) => key > 'journal/000000000019')).toBe(true);
});

describe('events of any number', () => {
  const many = Array.from({ length: 2000 }, (_, number) => taken(number));
  const lacking = (events: readonly CertificateEvent[]): CertificateEvent[] => {
    const there = new Set(inventoryOf(events).entries.map(({ serial }) => serial));
    return many.filter((event) => 'serial' in event && !there.has(event.serial));
  };

  test('fit into entries, in their order', () => {
    const batches = inBatches(many);
    expect(batches.length).toBeGreaterThan(2);
    expect(batches.flat()).toEqual(many);
    expect(inBatches([])).toEqual([]);
  });

  test.each(['failed', 'failed but persisted'] as const)('are each appended once, whichever write %s', async (fault) => {
    const writes = inBatches(many).length;
    for (let at = 0; at < writes; at++) {
      const blobs = createMemoryBlobStore();
      const decide = ({ entries }: { entries: readonly { serial: string }[] }): CertificateEvent[] => {
        const there = new Set(entries.map(({ serial }) => serial));
        return many.filter((event) => 'serial' in event && !there.has(event.serial));
      };
      const faulty = openJournal(createFaultyBlobStore(blobs, (write) => (write === at ? fault : undefined)));
      const first = await appendAll(faulty, decide).catch((error: SignwrightError) => error);
      if (fault === 'failed') expect(first).toMatchObject({ code: 'unreachable' });
      await appendAll(openJournal(blobs), decide);
      const { events } = await openJournal(blobs).read();
      expect(events).toEqual(many);
      expect(lacking(events)).toEqual([]);
    }
  });

  test('are each appended once, whoever else does the same', async () => {
    const blobs = createMemoryBlobStore();
    const decide = ({ entries }: { entries: readonly { serial: string }[] }): CertificateEvent[] => {
      const there = new Set(entries.map(({ serial }) => serial));
      return many.filter((event) => 'serial' in event && !there.has(event.serial));
    };
    await Promise.all(Array.from({ length: 4 }, () => appendAll(openJournal(blobs), decide)));
    expect((await openJournal(blobs).read()).events).toEqual(many);
  });
});

test('a certificate that is found before it is said to be issued is one, with its reservation', () => {
  const digest = `sha256:${'1'.repeat(64)}` as const;
  const [reserved] = [taken(1)];
  if (reserved?.type !== 'reserved') throw new Error('it is reserved');
  const { serial, key } = reserved;
  const facts = { digest, serial, key, issuer: 'CN=acme', subject: '', notBefore: at, notAfter: reserved.notAfter };
  const found: CertificateEvent = { type: 'known', at, found: 'file', place: 'a.pem', facts, owner: 'ann' };
  const issued: CertificateEvent = { type: 'issued', at, authority: 'acme', serial, digest };
  for (const events of [
    [taken(1), found],
    [taken(1), found, issued],
    [taken(1), issued, found],
    // A list says it first, which is no proof of anything.
    [taken(1), { ...found, found: 'import' as const }, issued],
    [found, taken(1), issued],
  ]) {
    const { entries, byDigest } = inventoryOf(events);
    expect(entries).toHaveLength(1);
    expect(byDigest(digest)).toBe(entries[0]);
    expect(entries[0]).toMatchObject({ authority: 'acme', serial, digest, owner: 'ann', found: [{ place: 'a.pem' }] });
  }
  const forged = { ...facts, digest: `sha256:${'3'.repeat(64)}` as const };
  expect(inventoryOf([taken(1), { ...found, found: 'import', facts: forged }]).entries).toHaveLength(2);
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
