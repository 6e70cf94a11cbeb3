import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { keyIdOf, type Signer, sealSegment, signWithKey, writeRecord } from '@signwright/signing-core';
import { createMemoryBlobStore } from '@signwright/testkit';
import { expect, test } from 'vitest';
import { segmentKey } from '../layout.ts';
import { sealedBy } from './sealed-by.ts';

const signerOf = (privateKey: KeyObject, publicKey: KeyObject): Signer => ({
  publicKey: async () => publicKey,
  certificate: async () => undefined,
  sign: (request) => signWithKey(privateKey, request),
});
const recordAt = (time: string): Buffer =>
  writeRecord({ event: 'segment-refused', time, segment: 0, digest: `sha256:${'0'.repeat(64)}`, reason: 'a test' });

test('tells when a key sealed segments, and passes over those of other keys and what is no segment', async () => {
  const [one, other] = [generateKeyPairSync('ed25519'), generateKeyPairSync('ed25519')];
  const blobs = createMemoryBlobStore();
  const seal = (keys: typeof one, ...times: string[]): Promise<Buffer> =>
    sealSegment(times.map(recordAt), { signer: signerOf(keys.privateKey, keys.publicKey) });
  const segments = [
    await seal(one, '2026-06-01T12:00:05Z', '2026-06-01T12:00:01Z'),
    await seal(other, '2026-06-01T12:00:00Z'),
    Buffer.from('no segment'),
    await seal(one, '2026-06-02T12:00:00Z'),
  ];
  for (const [number, bytes] of segments.entries()) await blobs.putIfAbsent(segmentKey(number), bytes);
  expect(await sealedBy({ blobs, next: 5, key: keyIdOf(one.publicKey) })).toEqual([
    { from: new Date('2026-06-01T12:00:01Z'), until: new Date('2026-06-01T12:01:05Z'), uses: 1 },
    { from: new Date('2026-06-02T12:00:00Z'), until: new Date('2026-06-02T12:01:00Z'), uses: 1 },
  ]);
});
