import { randomBytes } from 'node:crypto';
import {
  type BlobStore,
  identityOf,
  OID,
  parseCertificate,
  type Signer,
  SignwrightError,
  sha256,
} from '@signwright/signing-core';
import {
  basicConstraints,
  createFaultyBlobStore,
  createMemoryBlobStore,
  freshKeys,
  memorySigner,
  subjectAltName,
  type TestKeyType,
  testCertificateRequest,
  testKeys,
} from '@signwright/testkit';
import { describe, expect, test } from 'vitest';
import { inventoryOf, statusOf } from '../inventory/inventory.ts';
import { change, derKey, openJournal } from '../inventory/journal.ts';
import { createAuthority } from './create-authority.ts';
import { issueCertificate } from './issue.ts';
import type { CertificateStore, OwnAuthority } from './own-authority.ts';
import type { WantedCertificate } from './wanted-certificate.ts';

const now = new Date('2026-11-23T12:00:00.500Z');
const DAY = 24 * 60 * 60;

async function openCa(type: TestKeyType = 'p256', validity = 365 * DAY): Promise<OwnAuthority> {
  const signer = memorySigner(testKeys(type, 'intermediate'));
  const root = { signer: memorySigner(testKeys('p384', 'root')) };
  const made = await createAuthority({ organization: 'Acme', root, signer, validity }, now);
  const chain = [made.intermediate, made.root];
  return { id: 'acme', signer, certificate: made.intermediate, chain, crl: 'http://crl.example/acme.crl', crlLifetime: 7 * DAY };
}

function openStore(blobs: BlobStore = createMemoryBlobStore()): CertificateStore {
  return { blobs, journal: openJournal(blobs) };
}

function wanted(some: Partial<WantedCertificate> = {}): WantedCertificate {
  return {
    csr: testCertificateRequest(),
    profile: 'ci',
    validity: DAY,
    keys: ['ecdsa-p256'],
    san: { type: 'uri', value: 'https://gitlab.example/acme/app//ci.yml@refs/heads/main' },
    issuer: 'https://gitlab.example',
    claims: { repository: 'https://gitlab.example/acme/app', ref: 'refs/heads/main', runner: 'gitlab-hosted' },
    owner: 'platform@acme.example',
    purpose: 'CI jobs',
    requester: 'ci',
    ...some,
  };
}

const inventory = async ({ journal }: CertificateStore) => inventoryOf((await journal.read()).events);

test('a certificate says what was wanted, and is in the journal before it is handed out', async () => {
  const [ca, store] = [await openCa(), openStore()];
  const { der, chain, serial, digest } = await issueCertificate(
    ca,
    store,
    wanted({ environments: ['test', 'staging'], commit: 'a'.repeat(40) }),
    now,
  );
  const leaf = parseCertificate(der);
  expect(identityOf(leaf)).toMatchObject({
    san: 'https://gitlab.example/acme/app//ci.yml@refs/heads/main',
    issuer: 'https://gitlab.example',
    commit: 'a'.repeat(40),
    claims: { repository: 'https://gitlab.example/acme/app', ref: 'refs/heads/main', runner: 'gitlab-hosted' },
  });
  expect(new Date(leaf.notBefore).toISOString()).toBe('2026-11-23T11:59:00.000Z');
  expect(leaf.notAfter - leaf.notBefore).toBe(DAY * 1000);
  expect(leaf.extensions.get(OID.environments)?.value.toString('latin1')).toContain('staging');
  expect(leaf.serialNumber.toString('hex')).toBe(serial);
  expect(serial).toHaveLength(34);
  expect(chain).toEqual(ca.chain.map((one) => one.der));
  expect(digest).toBe(sha256(der));
  expect(Buffer.from((await store.blobs.get(derKey(der)))?.bytes ?? [])).toEqual(der);
  expect((await inventory(store)).byDigest(digest)).toMatchObject({ serial, profile: 'ci', owner: 'platform@acme.example' });
});

test.each(['p256', 'p384', 'rsa2048', 'ed25519'] as const)('a CA whose key is %s issues', async (type) => {
  const { der } = await issueCertificate(await openCa(type), openStore(), wanted(), now);
  expect(parseCertificate(der).isSignedBy((await openCa(type)).certificate)).toBe(true);
});
