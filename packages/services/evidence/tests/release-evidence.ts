import {
  type EvidenceItem,
  hexOf,
  IN_TOTO,
  RELEASE_PART,
  type Sha256,
  sha256,
  TLOG_PROOF,
  writeReceipt,
  writeSnapshot,
} from '@signwright/signing-core';

/** A release as its evidence lies in a store: a part, its record's proof and receipt, the policy's snapshot; unsigned, for tests. */
export function releaseEvidence(
  artifacts: readonly { name: string; digest: Sha256 }[],
  policyText = 'version: 1\n',
): EvidenceItem[] {
  const policy = sha256(`digest of ${policyText}`);
  const digests = artifacts.map(({ digest }) => digest);
  const part = partBundle(artifacts, policy);
  const record = sha256('record');
  const snapshot = writeSnapshot({
    digest: policy,
    file: 'signwright.yaml',
    files: new Map([['signwright.yaml', Buffer.from(policyText)]]),
  });
  const receipt = writeReceipt({ origin: 'log.example', record, segment: 1, place: 0, evidence: sha256(part) });
  return [
    { evidence: part, subjects: digests },
    { evidence: Buffer.from(`${TLOG_PROOF}index 1\n\nlog.example\n2\n${hexOf(record)}\n`), subjects: [sha256(part)] },
    { evidence: receipt, subjects: [sha256(part)] },
    { evidence: snapshot, subjects: [policy] },
  ];
}

function partBundle(artifacts: readonly { name: string; digest: Sha256 }[], policy: Sha256): Uint8Array {
  const statement = {
    _type: 'https://in-toto.io/Statement/v1',
    subject: artifacts.map(({ name, digest }) => ({ name, digest: { sha256: hexOf(digest) } })),
    predicateType: RELEASE_PART,
    predicate: {
      artifacts: artifacts.map(({ name }) => ({ name, kind: 'file', requirements: sha256('requirements') })),
      environment: 'default',
      signer: 'build',
      policy: { digest: policy },
      source: { asserted: {} },
    },
  };
  return Buffer.from(
    JSON.stringify({
      mediaType: 'application/vnd.dev.sigstore.bundle.v0.3+json',
      verificationMaterial: { publicKey: { hint: 'x' }, timestampVerificationData: { rfc3161Timestamps: [] } },
      dsseEnvelope: {
        payload: Buffer.from(JSON.stringify(statement)).toString('base64'),
        payloadType: IN_TOTO,
        signatures: [{ sig: 'AAAA' }],
      },
    }),
  );
}
