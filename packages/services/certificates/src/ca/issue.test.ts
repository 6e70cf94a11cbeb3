import { randomBytes } from 'node:crypto';
import {
  type BlobStore,
  identityOf,
  OID,
  parseCertificate,
  parseCrl,
  type SignRequest,
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
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { inventoryOf, statusOf } from '../inventory/inventory.ts';
import { change, derKey, openJournal } from '../inventory/journal.ts';
import { createAuthority } from './create-authority.ts';
import { issueCertificate } from './issue.ts';
import { makeCrl } from './make-crl.ts';
import type { CertificateStore, OwnAuthority } from './own-authority.ts';
import { freshSerial } from './serial.ts';
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

/** What is being signed says it, behind its version. */
const serialIn = ({ message = Buffer.of() }: SignRequest): string => {
  const hex = Buffer.from(message).toString('hex');
  return /a003020102(?:0211)([0-9a-f]{34})/.exec(hex)?.[1] ?? '';
};

async function revoke({ journal }: CertificateStore, serial: string): Promise<void> {
  const [at, order] = [now.toISOString(), sha256(Buffer.from('an order'))];
  await change(journal, () => ({
    events: [{ type: 'revoked', at, authority: 'acme', serial, reason: 'keyCompromise', by: 'ann', order } as const],
  }));
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
  const ca = await openCa(type);
  const { der } = await issueCertificate(ca, openStore(), wanted(), now);
  expect(parseCertificate(der).isSignedBy(ca.certificate)).toBe(true);
});

test('a person has a certificate by e-mail address, and asks for just that name', async () => {
  const csr = testCertificateRequest({ extensions: [subjectAltName(['email', 'ann@acme.example'])] });
  const san = { type: 'email', value: 'ann@acme.example' } as const;
  const { der } = await issueCertificate(await openCa(), openStore(), wanted({ csr, san, claims: {} }), now);
  expect(identityOf(parseCertificate(der))).toMatchObject({ san: 'ann@acme.example', claims: {} });
});

describe('a request is refused, and no serial number is taken,', () => {
  const weak = { rsa1024: testKeys('rsa1024'), p521: testKeys('p521') };
  const uri = 'https://gitlab.example/acme/app//ci.yml@refs/heads/main';
  test.each<[string, Buffer, string, RegExp]>([
    [
      'where nothing proves the key',
      testCertificateRequest({ signedWith: freshKeys() }),
      'invalid-input',
      /signature is not by its key/,
    ],
    ['with a short RSA key', testCertificateRequest({ keys: weak.rsa1024 }), 'invalid-input', /1024 bits/],
    ['with a key on another curve', testCertificateRequest({ keys: weak.p521 }), 'invalid-input', /secp521r1/],
    [
      'with a key the profile does not take',
      testCertificateRequest({ keys: testKeys('rsa2048') }),
      'denied',
      /rsa-2048, and the profile takes ecdsa-p256/,
    ],
    ['for a distinguished name', testCertificateRequest({ subject: 'ann' }), 'denied', /distinguished name/],
    [
      'for another URI',
      testCertificateRequest({ extensions: [subjectAltName(['uri', `${uri}x`])] }),
      'denied',
      /mainx, not https/,
    ],
    [
      'for a second name',
      testCertificateRequest({ extensions: [subjectAltName(['uri', uri], ['dns', 'acme.example'])] }),
      'denied',
      /the name acme.example/,
    ],
    [
      'for its name of another kind',
      testCertificateRequest({ extensions: [subjectAltName(['email', uri])] }),
      'denied',
      /not https/,
    ],
    [
      'for a name nobody reads',
      testCertificateRequest({ extensions: [subjectAltName(['other', uri])] }),
      'denied',
      /another kind/,
    ],
    ['to be a CA', testCertificateRequest({ extensions: [basicConstraints(true)] }), 'denied', /the extension 2\.5\.29\.19/],
    [
      'for environments',
      testCertificateRequest({ extensions: [{ oid: OID.environments, value: Buffer.of(0x30, 0) }] }),
      'denied',
      /2\.25\.1879087246\.2/,
    ],
    ['that is no request', Buffer.from('a request'), 'invalid-input', /cannot be/],
    ['that is huge', Buffer.alloc(1_000_000, 0x30), 'invalid-input', /larger/],
  ])('%s', async (_, csr, code, message) => {
    const store = openStore();
    const work = issueCertificate(await openCa(), store, wanted({ csr }), now);
    await expect(work).rejects.toMatchObject({ name: 'SignwrightError', code, message: expect.stringMatching(message) });
    expect((await store.journal.read()).events).toEqual([]);
  });

  test.each<[string, Partial<WantedCertificate>, RegExp]>([
    ['that would live no longer than the past minute', { validity: 60 }, /would live 60 s/],
    ['for a name that is no URI', { san: { type: 'uri', value: 'no URI' } }, /is no uri/],
    ['for an address with a line break', { san: { type: 'email', value: 'ann@acme.example\nbob' } }, /is no email/],
    ['with a claim that has a line break', { claims: { ref: 'refs/heads/a\nb' } }, /its ref is not plain text/],
    ['for no environment at all', { environments: [] }, /for no environment/],
  ])('%s', async (_, some, message) => {
    const store = openStore();
    const work = issueCertificate(await openCa(), store, wanted(some), now);
    await expect(work).rejects.toMatchObject({ code: 'configuration', message: expect.stringMatching(message) });
    expect((await store.journal.read()).events).toEqual([]);
  });

  test('where the CA ends before the certificate would, by a CA that names when', async () => {
    const store = openStore();
    const ca = await openCa('p256', 2 * DAY);
    await issueCertificate(ca, store, wanted({ validity: DAY }), now);
    await expect(issueCertificate(ca, store, wanted({ validity: 3 * DAY }), now)).rejects.toThrow(
      'ends at 2026-11-25T11:59:00.000Z',
    );
    expect((await inventory(store)).entries).toHaveLength(1);
  });

  test('where the signer has another key than the CA', async () => {
    const store = openStore();
    const ca = { ...(await openCa()), signer: memorySigner(freshKeys()) };
    await expect(issueCertificate(ca, store, wanted(), now)).rejects.toMatchObject({ code: 'configuration' });
    expect((await store.journal.read()).events).toEqual([]);
  });
});

describe('a key', () => {
  test("is one holder's: others get no certificate for it, and the holder another", async () => {
    const [ca, store, csr] = [await openCa(), openStore(), testCertificateRequest()];
    const first = await issueCertificate(ca, store, wanted({ csr }), now);
    await expect(issueCertificate(ca, store, wanted({ csr, requester: 'bob' }), now)).rejects.toThrow('its key is held by ci');
    const second = await issueCertificate(ca, store, wanted({ csr, renews: first.digest }), now);
    expect(second.serial).not.toBe(first.serial);
    expect((await inventory(store)).byDigest(first.digest)?.renewedBy).toBe(second.digest);
  });

  test('that was compromised is certified for nobody', async () => {
    const [ca, store, csr] = [await openCa(), openStore(), testCertificateRequest()];
    const { serial } = await issueCertificate(ca, store, wanted({ csr }), now);
    await revoke(store, serial);
    await expect(issueCertificate(ca, store, wanted({ csr }), now)).rejects.toThrow('was revoked as compromised');
  });

  test('of the CA itself is certified for nobody', async () => {
    const csr = testCertificateRequest({ keys: testKeys('p256', 'intermediate') });
    await expect(issueCertificate(await openCa(), openStore(), wanted({ csr }), now)).rejects.toThrow("is the CA's own");
  });
});

test('a certificate is renewed once, by its holder, while it is not revoked', async () => {
  const [ca, store] = [await openCa(), openStore()];
  const { digest: renews, serial } = await issueCertificate(ca, store, wanted(), now);
  const again = (some: Partial<WantedCertificate>) => issueCertificate(ca, store, wanted({ renews, ...some }), now);
  await expect(again({ renews: sha256(Buffer.from('another')) })).rejects.toThrow('does not know it');
  await expect(again({ requester: 'bob' })).rejects.toThrow('not one of bob');
  const after = await again({});
  await expect(again({})).rejects.toThrow(`${after.digest} took over from it already`);
  await revoke(store, serial);
  await expect(again({})).rejects.toThrow('it was revoked');
});

describe('wherever it ends', () => {
  test.each(['failed', 'failed but persisted'] as const)(
    'at a write that %s: what was signed is known by its serial number, and the next is issued',
    async (fault) => {
      const ca = await openCa();
      for (let broken = 0; broken < 3; broken++) {
        const inner = createMemoryBlobStore();
        const signed: string[] = [];
        const signer = {
          ...ca.signer,
          sign: (request: SignRequest) => {
            signed.push(serialIn(request));
            return ca.signer.sign(request);
          },
        };
        const store = openStore(createFaultyBlobStore(inner, (write) => (write === broken ? fault : undefined)));
        await issueCertificate({ ...ca, signer }, store, wanted(), now).catch((error) =>
          expect(error).toMatchObject({ code: 'unreachable' }),
        );
        const { entries } = await inventory(openStore(inner));
        for (const serial of signed) expect(entries.map((entry) => entry.serial)).toContain(serial);
        const next = await issueCertificate(ca, openStore(inner), wanted(), now);
        expect(signed).not.toContain(next.serial);
      }
    },
  );

  test('where the signer does not answer, a certificate may exist, which can be revoked', async () => {
    const [ca, store] = [await openCa(), openStore()];
    const sign = () => Promise.reject(new SignwrightError('unreachable', 'the KMS is down'));
    await expect(issueCertificate({ ...ca, signer: { ...ca.signer, sign } }, store, wanted(), now)).rejects.toThrow('is down');
    const [entry, ...more] = (await inventory(store)).entries;
    expect(more).toEqual([]);
    expect(entry && statusOf(entry, now.getTime())).toBe('reserved');
    await revoke(store, entry?.serial ?? '');
    const { der } = await makeCrl(ca, store, now);
    expect(parseCrl(der).find(Buffer.from(entry?.serial ?? '', 'hex'))).toBeDefined();
  });

  test('a certificate that is revoked while it is signed is not handed out', async () => {
    const [ca, store] = [await openCa(), openStore()];
    const sign = async (request: SignRequest) => {
      await revoke(store, serialIn(request));
      return ca.signer.sign(request);
    };
    const work = issueCertificate({ ...ca, signer: { ...ca.signer, sign } }, store, wanted(), now);
    await expect(work).rejects.toMatchObject({ code: 'denied', message: expect.stringContaining('revoked while it was issued') });
    const [entry] = (await inventory(store)).entries;
    expect(entry).toMatchObject({ digest: expect.any(String), revoked: { reason: 'keyCompromise' } });
  });

  test('a certificate whose signature does not hold is not handed out', async () => {
    const [ca, store] = [await openCa(), openStore()];
    const sign = (request: SignRequest) => memorySigner(testKeys('p256', 'other')).sign(request);
    const work = issueCertificate({ ...ca, signer: { ...ca.signer, sign } }, store, wanted(), now);
    await expect(work).rejects.toMatchObject({ code: 'verification' });
    expect((await inventory(store)).entries[0]?.digest).toBeUndefined();
  });
});

describe('serial numbers', () => {
  test('of many who issue at once in one store are all different', async () => {
    const [ca, blobs] = [await openCa(), createMemoryBlobStore()];
    const issued = await Promise.all(Array.from({ length: 12 }, () => issueCertificate(ca, openStore(blobs), wanted(), now)));
    expect(new Set(issued.map(({ serial }) => serial)).size).toBe(12);
    const { entries } = await inventory(openStore(blobs));
    expect(entries.map(({ serial }) => serial).sort()).toEqual(issued.map(({ serial }) => serial).sort());
    expect(entries.every(({ digest }) => digest !== undefined)).toBe(true);
  });

  test('are positive, of one length, and drawn again where one is taken, whatever is drawn', () => {
    const draws = fc.array(fc.tuple(fc.uint8Array({ minLength: 17, maxLength: 17 }), fc.integer({ min: 1, max: 2 })), {
      maxLength: 3,
    });
    fc.assert(
      fc.property(draws, (drawn) => {
        const queue = drawn.flatMap(([bytes, times]) => Array.from({ length: times }, () => Buffer.from(bytes)));
        const taken = new Set<string>();
        while (queue.length > 0) {
          const serial = freshSerial(
            (one) => taken.has(one),
            () => queue.shift() ?? randomBytes(17),
          );
          expect(taken.has(serial)).toBe(false);
          expect(serial).toMatch(/^[4-7][0-9a-f]{33}$/);
          taken.add(serial);
        }
      }),
    );
  });

  test('are not drawn for ever from broken randomness', () => {
    expect(() => freshSerial(() => true)).toThrow('broken');
  });
});
