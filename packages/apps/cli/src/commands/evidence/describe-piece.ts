import {
  APPROVAL,
  CERTIFICATE_REQUEST,
  IN_TOTO,
  kindOf,
  parseBundle,
  parseCertificate,
  parseCrl,
  parseStatement,
  parseTlogProof,
  RELEASE_MANIFEST,
  RELEASE_PART,
  REVIEW,
  REVOCATION,
  Refused,
  readGate,
  readReceipt,
  type Sha256,
  SignwrightError,
  sanOf,
  WAIVER,
} from '@signwright/signing-core';

/** What a piece of evidence is, and who made it, as it says itself: nothing of it is verified. */
export type Described = {
  readonly kind:
    | 'part'
    | 'manifest'
    | 'approval'
    | 'waiver'
    | 'review'
    | 'certificate-request'
    | 'revocation'
    | 'attestation'
    | 'bundle'
    | 'request'
    | 'gate'
    | 'record-proof'
    | 'receipt'
    | 'policy-snapshot'
    | 'crl'
    | 'unknown';
  /** The name in a certificate, the hint at a key, the name of a log; of a gate the server whose job waits, of a CRL its number. */
  readonly by?: string;
};

/** Tells by its content what a piece of evidence claims to be. */
export function describePiece(bytes: Uint8Array): Described {
  const kind = kindOf(bytes);
  try {
    switch (kind) {
      case 'bundle':
        return describeBundle(bytes);
      case 'record-proof':
        return { kind, by: parseTlogProof(bytes).checkpoint.toString('utf8').split('\n', 1)[0] ?? '' };
      case 'receipt':
        return { kind, by: readReceipt(bytes).origin };
      case 'crl':
        return { kind, by: `number ${parseCrl(bytes).number ?? 'none'}` };
      case 'gate':
        return { kind, by: new URL(readGate(bytes).url).host };
      default:
        return { kind };
    }
  } catch (error) {
    if (error instanceof Refused || (error instanceof SignwrightError && error.code === 'invalid-input'))
      return { kind: 'unknown' };
    throw error;
  }
}

const STATEMENTS: ReadonlyMap<string, Described['kind']> = new Map([
  [RELEASE_PART, 'part'],
  [RELEASE_MANIFEST, 'manifest'],
  [APPROVAL, 'approval'],
  [WAIVER, 'waiver'],
  [REVIEW, 'review'],
  [CERTIFICATE_REQUEST, 'certificate-request'],
  [REVOCATION, 'revocation'],
]);

function describeBundle(bytes: Uint8Array): Described {
  const { content, key } = parseBundle(bytes);
  const isStatement = content.type === 'envelope' && content.envelope.payloadType === IN_TOTO;
  const what = isStatement ? STATEMENTS.get(parseStatement(content.envelope.payload).predicateType) : undefined;
  const by = key.type === 'certificate' ? sanOf(parseCertificate(key.der)) : `key ${key.hint}`;
  return { kind: what ?? (isStatement ? 'attestation' : 'bundle'), by };
}

/** A digest as people tell it from others. */
export function shortDigest(digest: Sha256): string {
  return `${digest.slice(0, 'sha256:'.length + 12)}…`;
}
