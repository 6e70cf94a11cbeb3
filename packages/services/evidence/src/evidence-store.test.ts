import { SignwrightError, sha256 } from '@signwright/signing-core';
import { createMemoryBlobStore, evidenceStoreContract } from '@signwright/testkit';
import { expect, test } from 'vitest';
import { memoryTransactions } from '../tests/memory-transactions.ts';
import { createEvidenceStore } from './evidence-store.ts';
import { putTogether } from './put-together.ts';

evidenceStoreContract('the evidence store on blobs in memory', () => {
  const blobs = createMemoryBlobStore();
  return { open: () => createEvidenceStore(blobs) };
});

evidenceStoreContract('the evidence store on transactions', () => {
  const transactions = memoryTransactions();
  return { open: () => createEvidenceStore(transactions.blobs, { transactions }) };
});

const bytes = (text: string): Uint8Array => Buffer.from(text);
const subjects = Array.from({ length: 300 }, (_, i) => sha256(`subject ${i}`));
const items = [
  { evidence: bytes('bundle'), subjects },
  { evidence: bytes('proof'), subjects: [sha256('bundle')] },
  { evidence: bytes('snapshot'), subjects: [sha256('policy'), ...subjects], retainUntil: new Date('2033-01-01') },
  { evidence: bytes('bundle'), subjects: [sha256('policy')] },
];

test('a put of many subjects, and several pieces together, are one transaction each', async () => {
  const transactions = memoryTransactions();
  const store = createEvidenceStore(transactions.blobs, { transactions });
  await store.put(bytes('one'), subjects);
  expect(transactions.committed()).toBe(1);
  await putTogether(store, items);
  expect(transactions.committed()).toBe(2);
});

test.each([
  ['that takes them together', createEvidenceStore(createMemoryBlobStore())],
  ['that takes them one by one', { ...createEvidenceStore(createMemoryBlobStore()), putAll: undefined }],
])('several pieces put at once into a store %s are each listed under their own subjects', async (_, made) => {
  const { putAll, ...store } = made;
  const ids = await putTogether(putAll === undefined ? store : { ...store, putAll }, items);
  expect(ids).toEqual(['bundle', 'proof', 'snapshot', 'bundle'].map(sha256));
  const listed = await store.list([subjects[7]!, sha256('policy'), sha256('bundle')]);
  expect([...listed.get(subjects[7]!)!].sort()).toEqual([sha256('bundle'), sha256('snapshot')].sort());
  expect([...listed.get(sha256('policy'))!].sort()).toEqual([sha256('bundle'), sha256('snapshot')].sort());
  expect(listed.get(sha256('bundle'))).toEqual([sha256('proof')]);
  for (const id of ids) expect(sha256(await store.get(id))).toBe(id);
});

test('several pieces of which one cannot be put are refused before anything is written', async () => {
  const blobs = createMemoryBlobStore();
  const store = createEvidenceStore({
    ...blobs,
    compareAndSwap: async () => {
      throw new SignwrightError('unreachable', 'written');
    },
  });
  const wrong = [new Date('not a date'), new Date('+010000-01-01T00:00:00Z'), new Date('1969-12-31')];
  for (const retainUntil of wrong) {
    await expect(store.putAll([...items, { evidence: bytes('x'), subjects: [], retainUntil }])).rejects.toMatchObject({
      code: 'usage',
    });
  }
});

test('bytes that were damaged in the store are noticed when they are put again', async () => {
  const blobs = createMemoryBlobStore();
  const store = createEvidenceStore(blobs);
  const id = sha256('bundle');
  await blobs.putIfAbsent(`evidence/${id.slice(7, 9)}/${id.slice(9)}`, bytes('bundel'));
  await expect(store.put(bytes('bundle'), subjects)).rejects.toMatchObject({ code: 'unreachable', message: /other bytes/ });
  expect((await store.list(subjects)).size).toBe(0);
});
