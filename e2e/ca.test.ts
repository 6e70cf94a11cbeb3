import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type CertificateStore,
  change,
  createAuthority,
  issueCertificate,
  makeCrl,
  makeRootCrl,
  type OwnAuthority,
  openJournal,
  rootOf,
  type WantedCertificate,
} from '@signwright/certificates';
import { createAwsKmsSigner } from '@signwright/signer-aws-kms';
import { createPkcs11Signer } from '@signwright/signer-pkcs11';
import {
  type AwsKmsReference,
  type Certificate,
  type Pkcs11Reference,
  parseCertificate,
  parseKeyReference,
  type Signer,
  sha256,
} from '@signwright/signing-core';
import {
  createMemoryBlobStore,
  freshKeys,
  gitlabClaims,
  memorySigner,
  startFakeAwsKms,
  startTestOidcIssuer,
  testCertificateRequest,
  testKeys,
} from '@signwright/testkit';
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from 'vitest';
import { expectVerified, pem, signWith } from './issuer-scenario.ts';
import { type Launched, launchServer } from './launch-server.ts';
import { describePeer, peer } from './peers.ts';
import { CREDENTIALS } from './s3-server.ts';
import { freePort } from './scenario.ts';
import { makeSoftHsm, type SoftHsm } from './softhsm.ts';

const DAY = 24 * 60 * 60;
const SAN = 'https://gitlab.acme.example/acme/app//.gitlab-ci.yml@refs/heads/main';

type Ca = OwnAuthority & { readonly root: { readonly signer: Signer; readonly certificate: Certificate } };

async function makeCa(signer: Signer, rootSigner: Signer = memorySigner(testKeys('p384', 'root'))): Promise<Ca> {
  const made = await createAuthority({ organization: 'Acme', root: { signer: rootSigner }, signer }, new Date());
  return {
    id: 'acme',
    signer,
    certificate: made.intermediate,
    chain: [made.intermediate, made.root],
    crlLifetime: 7 * DAY,
    root: { signer: rootSigner, certificate: made.root },
  };
}

function openStore(): CertificateStore {
  const blobs = createMemoryBlobStore();
  return { blobs, journal: openJournal(blobs) };
}

function issue(ca: Ca, store: CertificateStore, some: Partial<WantedCertificate> = {}) {
  const wanted = {
    csr: testCertificateRequest(),
    profile: 'ci',
    validity: DAY,
    keys: ['ecdsa-p256'],
    san: { type: 'uri', value: SAN },
    issuer: 'https://gitlab.acme.example',
    claims: { repository: 'https://gitlab.acme.example/acme/app', ref: 'refs/heads/main' },
    environments: ['test'],
    owner: 'platform@acme.example',
    purpose: 'CI jobs',
    requester: 'ci',
  } as const;
  return issueCertificate(ca, store, { ...wanted, ...some }, new Date());
}

async function revoke({ journal }: CertificateStore, authority: string, serial: string): Promise<void> {
  const [at, order] = [new Date().toISOString(), sha256(Buffer.from('an order'))];
  const event = { type: 'revoked', at, authority, serial, reason: 'keyCompromise', by: 'ann', order, invalidFrom: at } as const;
  await change(journal, () => ({ events: [event] }));
}

/** Files in a directory that is gone when the test is over. */
function directoryOf(files: Readonly<Record<string, Buffer | string>>): (name: string) => string {
  const directory = mkdtempSync(join(tmpdir(), 'signwright-ca-e2e-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  for (const [name, bytes] of Object.entries(files)) writeFileSync(join(directory, name), bytes);
  return (name) => join(directory, name);
}

/** OpenSSL before 3.2 has no such purpose; from then on it wants more of a leaf than RFC 5280 does. */
function codeSigning(): readonly string[] {
  const { stderr } = spawnSync(peer('openssl'), ['verify', '-purpose', 'codesign', '/dev/null'], { encoding: 'utf8' });
  return stderr.includes('Invalid purpose') ? [] : ['-purpose', 'codesign'];
}

function crlPem(der: Buffer): string {
  return `-----BEGIN X509 CRL-----\n${der.toString('base64').replace(/.{64}(?=.)/g, '$&\n')}\n-----END X509 CRL-----\n`;
}

describePeer(['softhsm2-util', 'openssl'], 'a CA whose keys are on SoftHSM tokens', () => {
  let hsm: SoftHsm;
  beforeAll(() => {
    hsm = makeSoftHsm([
      { label: 'root', keys: [{ label: 'p384', id: '01', type: 'p384' }] },
      {
        label: 'issuing',
        keys: [
          { label: 'p256', id: '10', type: 'p256' },
          { label: 'p384', id: '11', type: 'p384' },
          { label: 'rsa2048', id: '12', type: 'rsa2048' },
          { label: 'ed25519', id: '13', type: 'ed25519' },
        ],
      },
    ]);
    vi.stubEnv('SOFTHSM2_CONF', hsm.configuration);
  });
  afterAll(() => {
    vi.unstubAllEnvs();
    hsm?.remove();
  });

  const open = (path: string): Promise<Signer> =>
    createPkcs11Signer(parseKeyReference(`pkcs11:${path}?module-path=${hsm.library}`) as Pkcs11Reference, {
      environment: { SIGNWRIGHT_PKCS11_PIN: hsm.pin },
    });

  test.each(['p256', 'p384', 'rsa2048', 'ed25519'])(
    'by a key of type %s issues, revokes, and OpenSSL says the same of each certificate and CRL',
    async (type) => {
      const ca = await makeCa(await open(`token=issuing;object=${type}`), await open('token=root;object=p384'));
      const store = openStore();
      const [good, bad] = [await issue(ca, store), await issue(ca, store)];
      const before = await makeCrl(ca, store, new Date());
      await revoke(store, 'acme', bad.serial);
      const after = await makeCrl(ca, store, new Date());
      const rootCrl = await makeRootCrl({ ...ca.root, crlLifetime: ca.crlLifetime }, store, new Date());
      await revoke(store, rootOf(ca.root.certificate), ca.certificate.serialNumber.toString('hex'));
      const rootCrlAfter = await makeRootCrl({ ...ca.root, crlLifetime: ca.crlLifetime }, store, new Date());
      const at = directoryOf({
        root: pem(ca.root.certificate),
        issuing: pem(ca.certificate),
        good: pem(good),
        bad: pem(bad),
        before: crlPem(before.der),
        after: crlPem(after.der),
        'root-crl': crlPem(rootCrl.der),
        'root-crl-after': crlPem(rootCrlAfter.der),
      });
      const openssl = (...args: string[]) => {
        const { status, stdout, stderr } = spawnSync(peer('openssl'), args, { encoding: 'utf8' });
        return { status, said: stdout + stderr };
      };
      const verify = (leaf: string, ...more: string[]) =>
        openssl(
          'verify',
          '-x509_strict',
          ...codeSigning(),
          '-CAfile',
          at('root'),
          '-untrusted',
          at('issuing'),
          ...more,
          at(leaf),
        );
      const checked = (name: string) => ['-crl_check', '-CRLfile', at(name)];
      expect(verify('good')).toMatchObject({ status: 0 });
      for (const [leaf, crl, status] of [
        ['good', 'before', 0],
        ['bad', 'before', 0],
        ['good', 'after', 0],
        ['bad', 'after', 2],
      ] as const)
        expect(verify(leaf, ...checked(crl)), `${leaf} ${crl}`).toMatchObject({ status });
      expect(verify('bad', ...checked('after')).said).toContain('certificate revoked');
      const all = (name: string) => ['-crl_check_all', '-CRLfile', at('after'), '-CRLfile', at(name)];
      expect(verify('good', ...all('root-crl'))).toMatchObject({ status: 0 });
      expect(verify('good', ...all('root-crl-after')).said).toContain('certificate revoked');
      expect(openssl('crl', '-in', at('after'), '-noout', '-verify', '-CAfile', at('issuing')).said).toContain('verify OK');
      const text = openssl('crl', '-in', at('after'), '-noout', '-text').said;
      for (const said of [
        bad.serial.toUpperCase(),
        'Key Compromise',
        'Invalidity Date',
        'X509v3 CRL Number: \n                2',
      ])
        expect(text).toContain(said);
    },
  );
});

describePeer(['cosign', 'openssl'], 'a certificate of our own CA', () => {
  test('signs what cosign and we verify', async () => {
    const oidc = await startTestOidcIssuer();
    onTestFinished(() => oidc.close());
    const [ca, store] = [await makeCa(memorySigner(freshKeys())), openStore()];
    const workload = { issuer: oidc.url, repository: `${oidc.url}/acme/app`, ref: 'refs/heads/main' };
    const { issuer: _, ...claims } = workload;
    const issuer = {
      async issue(csr: Uint8Array) {
        const { der, chain } = await issue(ca, store, { csr, issuer: oidc.url, claims });
        return [der, ...chain];
      },
    };
    const chain = { chains: [`${pem(ca.certificate)}${pem(ca.root.certificate)}`], issuers: [oidc.url] } as const;
    const mint = (audience: string) => oidc.mintToken(gitlabClaims(), { audience });
    await expectVerified(await signWith(issuer, mint, { audience: 'signwright', chain, workload, san: SAN }));
  });
});

describePeer(['moto_server', 'openssl'], 'a CA whose key is in an AWS KMS', () => {
  let moto: Launched;
  let host: string;
  beforeAll(async () => {
    for (const name of Object.keys(process.env)) if (name.startsWith('AWS_')) vi.stubEnv(name, undefined);
    for (const [name, value] of Object.entries(CREDENTIALS)) vi.stubEnv(name, value);
    const port = await freePort();
    moto = await launchServer(peer('moto_server'), ['-H', '127.0.0.1', '-p', String(port)], port);
    host = `127.0.0.1:${port}`;
  });
  afterAll(async () => {
    vi.unstubAllEnvs();
    await moto?.stop();
  });

  const open = (where: string, key: string): Promise<Signer> =>
    createAwsKmsSigner(parseKeyReference(`awskms://${where}/${key}?region=us-east-2`) as AwsKmsReference, {});

  test.each(['p256', 'p384', 'rsa2048'] as const)(
    'of type %s, in a KMS that signs as AWS does, issues for OpenSSL too',
    async (type) => {
      const kms = await startFakeAwsKms();
      onTestFinished(() => kms.close());
      const { arn } = kms.addKey(testKeys(type, 'in a KMS'));
      const ca = await makeCa(await open(kms.host, arn));
      const { der } = await issue(ca, openStore());
      const at = directoryOf({ root: pem(ca.root.certificate), issuing: pem(ca.certificate), leaf: pem({ der }) });
      execFileSync(peer('openssl'), ['verify', ...codeSigning(), '-CAfile', at('root'), '-untrusted', at('issuing'), at('leaf')]);
      expect(parseCertificate(der).isSignedBy(ca.certificate)).toBe(true);
    },
  );

  // moto hashes the digest it is sent again, so that none of its signatures holds.
  test("hands nothing out where the KMS's signatures do not hold, as moto's, and knows the number it took", async () => {
    const answer = await fetch(`http://${host}/`, {
      method: 'POST',
      headers: {
        'content-type': 'application/x-amz-json-1.1',
        'x-amz-target': 'TrentService.CreateKey',
        authorization: 'AWS4-HMAC-SHA256 Credential=e2e/20261101/us-east-2/kms/aws4_request, SignedHeaders=host, Signature=0',
      },
      body: JSON.stringify({ KeySpec: 'ECC_NIST_P256', KeyUsage: 'SIGN_VERIFY' }),
    });
    const { KeyMetadata } = (await answer.json()) as { KeyMetadata: { KeyId: string } };
    const [ca, store] = [await makeCa(await open(host, KeyMetadata.KeyId)), openStore()];
    await expect(issue(ca, store)).rejects.toMatchObject({ code: 'verification' });
    await expect(makeCrl(ca, store, new Date())).rejects.toMatchObject({ code: 'verification' });
    expect((await store.journal.read()).events.map(({ type }) => type)).toEqual(['reserved']);
  });
});
