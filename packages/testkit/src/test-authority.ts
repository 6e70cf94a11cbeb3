import { createHash } from 'node:crypto';
import {
  basicConstraints,
  extendedKeyUsage,
  fulcioExtension,
  keyUsage,
  subjectAltName,
  TEST_FROM,
  type TestCertificate,
  type TestCertificateSpec,
  type TestExtension,
  TRIAL_MARKER,
  testCertificate,
} from './test-certificates.ts';
import { type TestTimestampFaults, testTimestamp } from './test-timestamps.ts';

/** What the leaf of {@link TestAuthority.leaf} says of its workload unless told otherwise, by Fulcio's extension numbers. */
export const TEST_WORKLOAD: { readonly [number: number]: string } = {
  8: 'https://issuer.example',
  11: 'self-hosted',
  12: 'https://git.example/acme/app',
  14: 'refs/heads/main',
  15: '4711',
  20: 'push',
  24: 'project:acme/app:ref:main',
};
export const TEST_SAN = 'https://git.example/acme/app//ci.yml@refs/heads/main';

export type TestAuthority = {
  readonly root: TestCertificate;
  readonly ca: TestCertificate;
  readonly tsaRoot: TestCertificate;
  readonly tsa: TestCertificate;
  /** A code-signing leaf under the CA; `workload` replaces extensions by number, `undefined` drops one. */
  leaf(spec?: TestCertificateSpec & { readonly workload?: { readonly [number: number]: string | undefined } }): TestCertificate;
  /** A TimeStampResp by the TSA, 2026-06-01T12:00:00Z unless told. */
  timestamp(signature: Uint8Array, faults?: TestTimestampFaults): Buffer;
  /** TrustedRoot JSON of CA and TSA. */
  trustedRoot(change?: TestTrustedRoot): Buffer;
  /** The companion that lets the CA assert issuers; `https://issuer.example` alone unless told. */
  issuers(issuers?: readonly string[]): Buffer;
};

/** What stands in the TrustedRoot instead of CA and TSA; chains are DER, issuing certificate first. */
export type TestTrustedRoot = {
  readonly certificateAuthorities?: readonly TestTrustedChain[];
  readonly timestampAuthorities?: readonly TestTrustedChain[];
  readonly tlogs?: readonly object[];
};
export type TestTrustedChain = { readonly chain: readonly Buffer[]; readonly validFor?: object };

export const LEAF_PROFILE: readonly TestExtension[] = [
  keyUsage(0x80),
  extendedKeyUsage(['codeSigning']),
  subjectAltName(['uri', TEST_SAN]),
];
export const TSA_PROFILE: readonly TestExtension[] = [keyUsage(0x80), extendedKeyUsage(['timeStamping'], true)];

/** A root, a CA for code signing and a TSA, all valid through 2026; every part can be made wrong. */
export function testAuthority(options: { readonly trial?: boolean } = {}): TestAuthority {
  const marker = options.trial ? [TRIAL_MARKER] : [];
  const ca = (subject: string, pathLength: number, ...more: TestCertificateSpec['extensions'] & {}): TestCertificateSpec => ({
    subject,
    extensions: [basicConstraints(true, pathLength), keyUsage(0x06), ...more, ...marker],
  });
  const root = testCertificate(ca('test root', 1));
  const issuing = testCertificate({ ...ca('test CA', 0, extendedKeyUsage(['codeSigning'])), issuer: root });
  const tsaRoot = testCertificate(ca('test TSA root', 0));
  const tsa = testCertificate({ subject: 'test TSA', issuer: tsaRoot, extensions: [...TSA_PROFILE, ...marker] });
  return {
    root,
    ca: issuing,
    tsaRoot,
    tsa,
    leaf({ workload = {}, ...spec } = {}) {
      const claims = Object.entries({ ...TEST_WORKLOAD, ...workload }).flatMap(([number, text]) =>
        text === undefined ? [] : [fulcioExtension(Number(number), text)],
      );
      return testCertificate({ subject: '', issuer: issuing, extensions: [...LEAF_PROFILE, ...claims], ...spec });
    },
    timestamp: (signature, faults) => testTimestamp(tsa, signature, faults),
    trustedRoot: (change = {}) =>
      trustedRoot({
        certificateAuthorities: [{ chain: [issuing.der, root.der] }],
        timestampAuthorities: [{ chain: [tsa.der, tsaRoot.der] }],
        ...change,
      }),
    issuers: (issuers = [TEST_WORKLOAD[8] as string]) =>
      Buffer.from(
        JSON.stringify({
          version: 1,
          certificateAuthorities: [{ sha256: createHash('sha256').update(issuing.der).digest('hex'), issuers }],
        }),
      ),
  };
}

function trustedRoot(parts: TestTrustedRoot): Buffer {
  const chains = (list: readonly TestTrustedChain[] = []): object[] =>
    list.map(({ chain, validFor }) => ({
      subject: { organization: 'test', commonName: 'test' },
      uri: 'https://test.example',
      certChain: { certificates: chain.map((der) => ({ rawBytes: der.toString('base64') })) },
      validFor: validFor ?? { start: TEST_FROM.toISOString() },
    }));
  return Buffer.from(
    JSON.stringify({
      mediaType: 'application/vnd.dev.sigstore.trustedroot+json;version=0.1',
      tlogs: parts.tlogs ?? [],
      certificateAuthorities: chains(parts.certificateAuthorities),
      ctlogs: [],
      timestampAuthorities: chains(parts.timestampAuthorities),
    }),
  );
}
