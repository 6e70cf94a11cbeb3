import { sha256 } from '@signwright/signing-core';
import { expect, test } from 'vitest';
import { memoryBucket } from '../tests/memory-bucket.ts';
import { checkEvidence } from './check-evidence.ts';
import { createEvidenceStore } from './evidence-store.ts';

test('a store whose bytes are all there is without problems; what is damaged, gone or was never written is told apart', async () => {
  const bucket = memoryBucket(() => 0);
  const store = createEvidenceStore(bucket.blobs);
  const [good, damaged, gone] = await store.putAll(
    ['good', 'damaged', 'gone'].map((text) => ({ evidence: Buffer.from(text), subjects: [sha256('a')] })),
  );
  expect(await checkEvidence(bucket)).toEqual({ pieces: 3, problems: [] });

  const key = (id: string): string => `evidence/${id.slice(7, 9)}/${id.slice(9)}`;
  await bucket.retaining.remove(key(gone!));
  await bucket.retaining.remove(key(damaged!));
  await bucket.blobs.putIfAbsent(key(damaged!), Buffer.from('changed'));
  bucket.around = async ({ call }, take) => {
    if (call === 'putIfAbsent') throw new Error('killed');
    take();
  };
  await expect(store.put(Buffer.from('never written'), [sha256('a')])).rejects.toThrow('killed');
  expect(await checkEvidence(bucket)).toEqual({
    pieces: 3,
    problems: [
      { id: damaged, what: expect.stringContaining('came back as other bytes') },
      { id: gone, what: expect.stringContaining('is not there') },
    ].sort((a, b) => (a.id! < b.id! ? -1 : 1)),
  });
  expect(Buffer.from(await store.get(good!)).toString()).toBe('good');
});
