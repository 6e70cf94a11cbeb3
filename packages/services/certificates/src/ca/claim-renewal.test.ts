import { sha256 } from '@signwright/signing-core';
import { createMemoryBlobStore } from '@signwright/testkit';
import { expect, test } from 'vitest';
import type { CertificateEvent } from '../inventory/events.ts';
import { change, openJournal } from '../inventory/journal.ts';
import { claimRenewal } from './claim-renewal.ts';
import type { CertificateStore } from './own-authority.ts';

const now = new Date('2026-11-23T12:00:00Z');
const at = now.toISOString();
const minutes = (count: number) => new Date(now.getTime() + count * 60_000);
const [digest, next] = [sha256(Buffer.from('a certificate')), sha256(Buffer.from('the next'))];

async function storeWith(...events: CertificateEvent[]): Promise<CertificateStore> {
  const blobs = createMemoryBlobStore();
  const [found, facts] = ['file', { serial: '41', issuer: 'x', subject: '', notBefore: at, notAfter: at, key: 'a' }] as const;
  const known = { type: 'known', at, found, facts: { digest, ...facts } } as const;
  await change(openJournal(blobs), () => ({ events: [known, ...events] }));
  return { blobs, journal: openJournal(blobs) };
}

test('of many who would renew a certificate at once one does, and each other is told who', async () => {
  const { blobs } = await storeWith();
  const claims = await Promise.all(
    Array.from({ length: 10 }, (_, number) =>
      claimRenewal({ blobs, journal: openJournal(blobs) }, digest, `renewer ${number}`, minutes(5), now),
    ),
  );
  expect(claims.filter(({ claimed }) => claimed)).toHaveLength(1);
  const winner = claims.findIndex(({ claimed }) => claimed);
  for (const [number, claim] of claims.entries())
    if (number !== winner)
      expect(claim).toEqual({ claimed: false, why: `renewer ${winner} renews it until 2026-11-23T12:05:00.000Z` });
});

test("a claim runs out, and is nobody else's before, also not of the same name", async () => {
  const store = await storeWith();
  expect(await claimRenewal(store, digest, 'one', minutes(5), now)).toEqual({ claimed: true });
  expect(await claimRenewal(store, digest, 'one', minutes(9), minutes(4))).toMatchObject({ claimed: false });
  expect(await claimRenewal(store, digest, 'two', minutes(9), minutes(5))).toEqual({ claimed: true });
});

test.each<[string, CertificateEvent[], string]>([
  [
    'was revoked',
    [{ type: 'revoked', at, serial: '41', digest, reason: 'superseded', by: 'ann', order: next }],
    'it was revoked',
  ],
  [
    'was renewed',
    [
      {
        type: 'known',
        at,
        found: 'issuer',
        facts: { digest: next, serial: '42', issuer: 'x', subject: '', notBefore: at, notAfter: at, key: 'a' },
        renews: digest,
      },
    ],
    `${next} took over from it`,
  ],
])('one that %s is renewed by nobody', async (_, events, why) => {
  expect(await claimRenewal(await storeWith(...events), digest, 'one', minutes(5), now)).toEqual({ claimed: false, why });
});

test('one that is not in the inventory is renewed by nobody, and none for ever', async () => {
  const store = await storeWith();
  expect(await claimRenewal(store, next, 'one', minutes(5), now)).toEqual({
    claimed: false,
    why: 'the inventory does not know it',
  });
  await expect(claimRenewal(store, digest, 'one', minutes(61), now)).rejects.toThrow(TypeError);
  await expect(claimRenewal(store, digest, 'one', now, now)).rejects.toThrow(TypeError);
});
