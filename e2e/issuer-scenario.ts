import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { addToTrustRoot, createTrialDomain, type IssuerChain } from '@signwright/certificates';
import { createCertificateSigner } from '@signwright/signer-certificate';
import {
  type CertificateIssuer,
  checkFileSignature,
  parseTrustRoot,
  preparePart,
  type Signing,
  sha256,
  signFile,
  signPart,
  verifyEvidence,
  type WorkloadRule,
} from '@signwright/signing-core';
import { basicConstraints, keyUsage, type TestCertificate, type TestExtension, testCertificate } from '@signwright/testkit';
import { createTrialTimestampAuthority } from '@signwright/timestamp';
import { expect, onTestFinished } from 'vitest';
import { peer } from './peers.ts';

type CertificateAuthority = { readonly root: TestCertificate; readonly issuing: TestCertificate };
export type IssuerServer = { url: string; readonly authority: CertificateAuthority };

/** A root and a CA under it, in force for a day. */
export function makeAuthority(...more: readonly TestExtension[]): CertificateAuthority {
  const [notBefore, notAfter] = [new Date(Date.now() - 3_600_000), new Date(Date.now() + 86_400_000)];
  const ca = (pathLength: number): TestExtension[] => [basicConstraints(true, pathLength), keyUsage(0x06)];
  const root = testCertificate({ subject: 'e2e root', notBefore, notAfter, extensions: ca(1) });
  const extensions = [...ca(0), ...more];
  return { root, issuing: testCertificate({ subject: 'e2e issuing CA', issuer: root, notBefore, notAfter, extensions }) };
}

/** A certificate in PEM. */
export function pem({ der }: Pick<TestCertificate, 'der'>): string {
  const lines = der.toString('base64').match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`;
}

/** SHA-256 of a certificate, as openssl prints it. */
export function fingerprint({ der }: Pick<TestCertificate, 'der'>): string {
  const digest = createHash('sha256').update(der).digest('hex').toUpperCase();
  return digest.replace(/..(?!$)/g, '$&:');
}

/** The first fenced block of a kind in a page of ours, so that what the page tells is what is tested. */
export async function blockOf(page: string, kind: string): Promise<string> {
  const text = await readFile(join(import.meta.dirname, '../docs', page), 'utf8');
  const block = text.split(`\n\`\`\`${kind}\n`)[1]?.split('\n```')[0];
  if (block === undefined) throw new Error(`docs/${page} has no block of ${kind}`);
  return block;
}

type Signed = {
  readonly signing: Signing;
  readonly file: Buffer;
  /** Bundles: of the file, and of a release part about it. */
  readonly sidecar: Buffer;
  readonly part: Buffer;
  /** Runs cosign's verify-blob on the bundle of the file, or verify-blob-attestation on the part. */
  cosign(kind: 'blob' | 'part', file: Uint8Array): Promise<number>;
};

/**
 * Signs a file and a release part about it with a certificate by this issuer, under a trust root made of its chain and a trial
 * timestamp authority, for the one workload the policy would name.
 */
export async function signWith(
  issuer: CertificateIssuer,
  mint: (audience: string) => string,
  { audience, chain, workload, san }: { audience: string; chain: IssuerChain; workload: Omit<WorkloadRule, 'id'>; san: string },
): Promise<Signed> {
  const directory = await mkdtemp(join(tmpdir(), 'signwright-issued-'));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  const clock = { now: () => new Date() };
  const domain = await createTrialDomain(join(directory, 'trial'), { now: clock.now() });
  await addToTrustRoot(domain.trustRootPath, { certificateAuthority: chain.chains[0], issuers: chain.issuers });
  const root = parseTrustRoot(await readFile(domain.trustRootPath), await readFile(domain.issuersPath), 'e2e');
  const signing: Signing = {
    signer: await createCertificateSigner({ issuer, identity: { idToken: async (to) => mint(to) }, audience }),
    rule: { id: 'build', certificate: true, workloads: [{ id: 'ci', ...workload }], keys: [] },
    timestamps: createTrialTimestampAuthority(await domain.timestampAuthority(), clock),
    trust: { root, keys: [] },
    clock,
  };
  const file = Buffer.from('what a build leaves\n');
  const artifact = { name: 'dist/app.tgz', kind: 'package' as const, digest: sha256(file), requirements: sha256('requirements') };
  const about = {
    artifacts: [artifact],
    environment: 'default',
    signer: 'build',
    policy: { digest: sha256('policy') },
    asserted: {},
  };
  const { bytes: part } = await signPart(await preparePart(about, signing));
  const sidecar = await signFile({ digest: sha256(file), message: file }, signing);
  return {
    signing,
    file,
    sidecar,
    part,
    async cosign(kind, bytes) {
      const at = (name: string): string => join(directory, name);
      await writeFile(at('file'), bytes);
      await writeFile(at('bundle.json'), kind === 'blob' ? sidecar : part);
      const by = [
        '--trusted-root',
        domain.trustRootPath,
        '--certificate-identity',
        san,
        '--certificate-oidc-issuer',
        workload.issuer,
      ];
      const without = ['--use-signed-timestamps', '--insecure-ignore-tlog', '--insecure-ignore-sct'];
      const verb = kind === 'blob' ? ['verify-blob'] : ['verify-blob-attestation', '--type', 'https://signwright.dev/release/v1'];
      return run(peer('cosign'), [...verb, '--bundle', at('bundle.json'), ...by, ...without, at('file')]);
    },
  };
}

/** What was signed verifies with us and with cosign, and for no other file. */
export async function expectVerified({ signing, file, sidecar, part, cosign }: Signed): Promise<void> {
  const changed = Buffer.from('what a build leaves, changed\n');
  await checkFileSignature(sidecar, { digest: sha256(file), message: file }, signing);
  await expect(checkFileSignature(sidecar, { digest: sha256(changed), message: changed }, signing)).rejects.toMatchObject({
    message: /another file/,
  });
  expect(await verifyEvidence(sha256(part), part, signing.trust)).toMatchObject({ author: { type: 'certificate' } });
  for (const kind of ['blob', 'part'] as const) {
    expect(await cosign(kind, file)).toBe(0);
    expect(await cosign(kind, changed)).not.toBe(0);
  }
}

function run(program: string, args: readonly string[]): Promise<number> {
  return new Promise((resolve) => {
    execFile(program, [...args], { timeout: 60_000 }, (error) =>
      resolve(error === null ? 0 : typeof error.code === 'number' ? error.code : -1),
    );
  });
}
