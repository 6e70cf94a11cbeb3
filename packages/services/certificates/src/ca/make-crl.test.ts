import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type BlobStore,
  parseCertificate,
  parseCrl,
  type RevocationReason,
  type Signer,
  sha256,
  statusByCrl,
} from '@signwright/signing-core';
import {
  createMemoryBlobStore,
  freshKeys,
  hasOpenssl,
  memorySigner,
  openssl,
  type TestKeyType,
  testCertificateRequest,
  testKeys,
} from '@signwright/testkit';
import { describe, expect, test } from 'vitest';
import type { CertificateEvent } from '../inventory/events.ts';
import { inventoryOf } from '../inventory/inventory.ts';
import { change, openJournal } from '../inventory/journal.ts';
import { createAuthority } from './create-authority.ts';
import { crlDue, latestCrl } from './crl-due.ts';
import { issueCertificate } from './issue.ts';
import { makeCrl } from './make-crl.ts';
import { makeRootCrl, rootOf } from './make-root-crl.ts';
import type { CertificateStore, OwnAuthority } from './own-authority.ts';
import { writeCrl } from './write-crl.ts';

const now = new Date('2026-11-23T12:00:00Z');
const DAY = 24 * 60 * 60;
const order = sha256(Buffer.from('an order'));
const afterDays = (days: number) => new Date(now.getTime() + days * DAY * 1000);

async function openCa(type: TestKeyType = 'p256'): Promise<OwnAuthority> {
  const signer = memorySigner(testKeys(type, 'intermediate'));
  const root = { signer: memorySigner(testKeys('p384', 'root')) };
  const made = await createAuthority({ organization: 'Acme', root, signer }, now);
  return { id: 'acme', signer, certificate: made.intermediate, chain: [made.intermediate, made.root], crlLifetime: 7 * DAY };
}

function openStore(blobs: BlobStore = createMemoryBlobStore()): CertificateStore {
  return { blobs, journal: openJournal(blobs) };
}

async function revoke(store: CertificateStore, serial: string, more: Partial<CertificateEvent> = {}): Promise<void> {
  const event = { type: 'revoked', at: now.toISOString(), authority: 'acme', serial, reason: 'keyCompromise', by: 'ann', order };
  await change(store.journal, () => ({ events: [{ ...event, ...more } as CertificateEvent] }));
}

async function issue(ca: OwnAuthority, store: CertificateStore, validity = DAY) {
  return issueCertificate(
    ca,
    store,
    {
      csr: testCertificateRequest(),
      profile: 'ci',
      validity,
      keys: ['ecdsa-p256'],
      san: { type: 'uri', value: 'https://gitlab.example/acme/app//ci.yml@refs/heads/main' },
      issuer: 'https://gitlab.example',
      claims: {},
      owner: 'platform@acme.example',
      purpose: 'CI jobs',
      requester: 'ci',
    },
    now,
  );
}

const inventory = async ({ journal }: CertificateStore) => inventoryOf((await journal.read()).events);
const find = (der: Buffer, serial: string) => parseCrl(der).find(Buffer.from(serial, 'hex'));

describe('a CRL', () => {
  test.each(['p256', 'p384', 'rsa2048', 'ed25519'] as const)(
    'by a key of type %s says what is revoked, and of the rest that it is good',
    async (type) => {
      const [ca, store] = [await openCa(type), openStore()];
      const [bad, good] = [await issue(ca, store), await issue(ca, store)];
      await revoke(store, bad.serial, { reason: 'superseded', invalidFrom: '2026-11-20T00:00:00Z' });
      const { der, number, nextUpdate } = await makeCrl(ca, store, now);
      const crl = parseCrl(der);
      expect(number).toBe(1);
      expect(nextUpdate).toEqual(afterDays(7));
      expect(crl).toMatchObject({ number: 1n, thisUpdate: now.getTime(), keepsExpiredSince: ca.certificate.notBefore, size: 1 });
      const status = (one: Buffer) => statusByCrl(crl, parseCertificate(one), ca.certificate, { at: now.getTime(), by: 'it' });
      expect(status(bad.der)).toMatchObject({ status: 'revoked', reason: 'superseded', invalidFrom: Date.parse('2026-11-20') });
      expect(status(good.der)).toMatchObject({ status: 'good' });
    },
  );

  test('lists numbers of which no certificate is known, and what has expired long since', async () => {
    const [ca, store] = [await openCa(), openStore()];
    const { serial } = await issue(ca, store, 3600);
    await revoke(store, serial);
    await revoke(store, '00c0ffee');
    await revoke(store, 'c0ffee', { reason: 'superseded' });
    await revoke(store, '77', { authority: 'another' });
    const { der } = await makeCrl(ca, store, afterDays(300));
    expect(parseCrl(der).size).toBe(2);
    expect(find(der, serial)).toMatchObject({ reason: 'keyCompromise' });
    expect(find(der, '00c0ffee')).toMatchObject({ reason: 'keyCompromise' });
  });

  test.each<[RevocationReason, RevocationReason, RevocationReason]>([
    ['superseded', 'keyCompromise', 'keyCompromise'],
    ['keyCompromise', 'superseded', 'keyCompromise'],
    ['certificateHold', 'superseded', 'superseded'],
    ['cessationOfOperation', 'certificateHold', 'cessationOfOperation'],
  ])('of one that was revoked as %s and then as %s says %s, and since when it is', async (first, then, said) => {
    const [ca, store] = [await openCa(), openStore()];
    await revoke(store, '41', { reason: first });
    await revoke(store, '41', { reason: then, at: afterDays(1).toISOString() });
    const { der } = await makeCrl(ca, store, afterDays(2));
    expect(find(der, '41')).toMatchObject({ reason: said, revokedAt: now.getTime() });
  });

  test('says of nothing that it will be revoked, whatever the clock of whoever revoked it', async () => {
    const [ca, store] = [await openCa(), openStore()];
    await revoke(store, '41', { at: afterDays(3).toISOString() });
    expect(find((await makeCrl(ca, store, now)).der, '41')?.revokedAt).toBe(now.getTime());
  });

  test('has a number that only grows, also where two are made at once', async () => {
    const [ca, blobs] = [await openCa(), createMemoryBlobStore()];
    const made = await Promise.all(Array.from({ length: 5 }, () => makeCrl(ca, openStore(blobs), now)));
    expect(made.map(({ number }) => number).sort((one, other) => one - other)).toEqual([1, 2, 3, 4, 5]);
    expect((await inventory(openStore(blobs))).crls.get('acme')?.number).toBe(5);
  });

  test('has in it what is revoked while it is signed, and is not signed again for anything else', async () => {
    const [ca, store] = [await openCa(), openStore()];
    let signed = 0;
    const meanwhile = [() => issue(ca, store), () => revoke(store, '41')];
    const signer: Signer = {
      ...ca.signer,
      async sign(request) {
        await meanwhile[signed++]?.();
        return ca.signer.sign(request);
      },
    };
    // The first signature meets another's issuing, which is no reason to sign anew.
    const one = await makeCrl({ ...ca, signer }, store, now);
    expect([signed, one.number, parseCrl(one.der).size]).toEqual([1, 1, 0]);
    const two = await makeCrl({ ...ca, signer }, store, now);
    expect([signed, two.number, parseCrl(two.der).size]).toEqual([3, 2, 1]);
  });

  test('is not made by the key of another CA, nor released where its signature does not hold', async () => {
    const [ca, store] = [await openCa(), openStore()];
    const other = memorySigner(freshKeys());
    await expect(makeCrl({ ...ca, signer: other }, store, now)).rejects.toMatchObject({ code: 'configuration' });
    const broken: Signer = { ...ca.signer, sign: (request) => other.sign(request) };
    await expect(makeCrl({ ...ca, signer: broken }, store, now)).rejects.toMatchObject({ code: 'verification' });
    expect(await latestCrl(store, 'acme')).toBeUndefined();
  });

  test('of the root lists intermediates', async () => {
    const [{ certificate, chain, crlLifetime }, store] = [await openCa(), openStore()];
    const root = { signer: memorySigner(testKeys('p384', 'root')), certificate: chain[1] ?? certificate, crlLifetime };
    const authority = rootOf(root.certificate);
    await revoke(store, certificate.serialNumber.toString('hex'), { authority, reason: 'cACompromise' });
    const { der } = await makeRootCrl(root, store, now);
    const status = statusByCrl(parseCrl(der), certificate, root.certificate, { at: now.getTime(), by: 'it' });
    expect(status).toMatchObject({ status: 'revoked', reason: 'cACompromise' });
    expect(await latestCrl(store, 'acme')).toBeUndefined();
    expect(await latestCrl(store, authority)).toEqual(der);
    await expect(makeRootCrl({ ...root, certificate }, store, now)).rejects.toThrow(/is no root/);
  });
});

test('a CRL is due at first, after a revocation, and when two thirds of its life are over', async () => {
  const [ca, store] = [await openCa(), openStore()];
  const due = async (at: Date) => crlDue(await inventory(store), ca, at);
  expect(await due(now)).toBe(true);
  const { der } = await makeCrl(ca, store, now);
  expect(await latestCrl(store, 'acme')).toEqual(der);
  expect(await due(now)).toBe(false);
  expect(await due(afterDays(4.6))).toBe(false);
  expect(await due(afterDays(4.7))).toBe(true);
  // One from the time to come counts nowhere yet.
  expect(await due(afterDays(-1))).toBe(true);
  await revoke(store, '41', { authority: 'another' });
  expect(await due(now)).toBe(false);
  await revoke(store, '41');
  expect(await due(now)).toBe(true);
  await makeCrl(ca, store, now);
  expect(await due(now)).toBe(false);
});

test('a CRL that is gone from the store, or was changed there, is not handed out', async () => {
  const [ca, blobs] = [await openCa(), createMemoryBlobStore()];
  await makeCrl(ca, openStore(blobs), now);
  const without: BlobStore = { ...blobs, get: async (key) => (key.startsWith('der/') ? undefined : blobs.get(key)) };
  await expect(latestCrl(openStore(without), 'acme')).rejects.toThrow('is missing');
  const changed: BlobStore = {
    ...blobs,
    get: async (key) => (key.startsWith('der/') ? { bytes: Buffer.of(0), version: '' } : blobs.get(key)),
  };
  await expect(latestCrl(openStore(changed), 'acme')).rejects.toThrow('is something else');
});

test.skipIf(!hasOpenssl)('100,000 are revoked: the CRL is made, and OpenSSL reads it', { timeout: 120_000 }, async () => {
  const ca = await openCa();
  const entries = Array.from({ length: 100_000 }, (_, number) => ({
    serial: `40${(number * 7919).toString(16).padStart(32, '0')}`,
    revokedAt: now,
    reason: 'keyCompromise' as const,
    invalidFrom: now,
  }));
  const started = performance.now();
  const der = await writeCrl(
    {
      issuer: ca.certificate.subject,
      issuerKey: Buffer.alloc(20, 1),
      number: 1,
      thisUpdate: now,
      nextUpdate: afterDays(7),
      keepsExpiredSince: now,
      entries,
    },
    ca.signer,
  );
  const written = performance.now();
  expect(parseCrl(der).size).toBe(100_000);
  const read = performance.now();
  console.log(
    `100,000 entries: ${der.length} bytes, made in ${Math.round(written - started)} ms, read in ${Math.round(read - written)} ms`,
  );
  const directory = mkdtempSync(join(tmpdir(), 'signwright-crl-'));
  try {
    const [crl, issuer] = [join(directory, 'crl.der'), join(directory, 'issuer.pem')];
    writeFileSync(crl, der);
    writeFileSync(issuer, `-----BEGIN CERTIFICATE-----\n${ca.certificate.der.toString('base64')}\n-----END CERTIFICATE-----\n`);
    openssl(['crl', '-in', crl, '-inform', 'DER', '-noout', '-CAfile', issuer]);
  } finally {
    rmSync(directory, { recursive: true });
  }
});
