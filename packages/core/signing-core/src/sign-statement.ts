import { IN_TOTO, preAuthEncoding } from './envelope.ts';
import { SignwrightError } from './error.ts';
import { type Sha256, sha256 } from './formats/digest.ts';
import { matchAuthor } from './match-author.ts';
import type { RecordedSigner } from './records/record.ts';
import type { Claims } from './release-part.ts';
import { checkClock, recordedSigner, type Signing, seal, signMessage } from './sign.ts';
import type { RefusalCode } from './verdict.ts';
import { certifiedClaims, type EvidenceTrust, type Verified, type VerifiedStatement, verifyEvidence } from './verify-evidence.ts';
import { parseCertificate } from './x509/certificate.ts';
import { type CertifiedIdentity, identityOf } from './x509/claims.ts';

/** A statement that is ready to be signed: what exactly, and by whom. */
export type PreparedStatement = {
  /** SHA-256 of the exact bytes to sign. */
  readonly bytes: Sha256;
  readonly signer: RecordedSigner;
  /** What the signer's certificate says, where it has one. */
  readonly certified?: Claims;
  readonly payload: Buffer;
  readonly message: Buffer;
  readonly signing: Signing;
};

/** A statement that was signed and verified. */
export type SignedEvidence = {
  /** The bundle, and its digest. */
  readonly bytes: Buffer;
  readonly evidence: Sha256;
  /** SHA-256 of the signature. */
  readonly signature: Sha256;
  readonly verified: Verified | VerifiedStatement;
};

/**
 * Settles what is to be signed: the certificate, if any, and the statement with what it certifies. Nothing is signed yet, so that an
 * intent to sign exactly these bytes can be recorded first.
 *
 * @param write makes the in-toto statement, from what the signer's certificate says where it has one.
 * @throws SignwrightError what the signer and `write` throw.
 */
export async function prepareStatement(
  write: (certified: Claims | undefined) => Buffer,
  signing: Signing,
): Promise<PreparedStatement> {
  const certificate = await signing.signer.certificate();
  const certified = certificate ? certifiedClaims(identityBy(certificate, signing.trust)) : undefined;
  const payload = write(certified);
  const message = preAuthEncoding(IN_TOTO, payload);
  return {
    bytes: sha256(message),
    signer: await recordedSigner(signing),
    ...(certified ? { certified } : {}),
    payload,
    message,
    signing,
  };
}

/** What a certificate will be taken to say: it is verified once there is something it has signed. */
function identityBy(der: Uint8Array, { root }: EvidenceTrust): CertifiedIdentity {
  const leaf = parseCertificate(der);
  return identityOf(
    leaf,
    root?.certificateAuthorities.find(({ chain }) => leaf.issuer.equals(chain[0].subject)),
  );
}

/**
 * Signs a statement: signature → timestamp → bundle → verify, and only what verifies as the signer's is returned.
 *
 * @throws SignwrightError `denied` where the certificate is not one the policy names for the signer, `configuration` where our
 * clock is off, `unreachable` from the signer or the authority, `verification` where what was signed does not hold.
 */
export async function signStatement({ payload, message, signing }: PreparedStatement): Promise<SignedEvidence> {
  const signature = await signMessage(signing.signer, message);
  const bytes = await seal({ type: 'envelope', envelope: { payloadType: IN_TOTO, payload, signature } }, signature, signing);
  const evidence = sha256(bytes);
  const verified = await verifyEvidence(evidence, bytes, signing.trust);
  if ('code' in verified && UNTRUSTED.has(verified.code)) {
    throw new SignwrightError(
      'configuration',
      `the trust root does not take what signer ${signing.rule.id} signs: ${verified.message}`,
      {
        next: 'nothing was written; add the CA, or its issuer: signwright trust add trusted-root.json … --issuer URL',
      },
    );
  }
  if ('code' in verified)
    throw new SignwrightError('verification', `what was just signed does not verify: ${verified.message}`, clockHint(signing));
  const mismatch = matchAuthor(verified, signing.rule);
  if (mismatch) {
    throw new SignwrightError('denied', `this run may not sign as ${signing.rule.id}: ${mismatch.message}`, {
      next: `run it where the policy's workloads of signer ${signing.rule.id} allow, or change them`,
    });
  }
  checkClock(verified.time.at, signing.clock);
  return { bytes, evidence, signature: sha256(signature), verified };
}

/** What says that a trust root and a CA do not fit, whatever is signed. */
const UNTRUSTED: ReadonlySet<RefusalCode> = new Set(['untrusted-certificate', 'issuer-not-asserted']);

function clockHint({ clock }: Signing): { next: string } {
  return { next: `nothing was written; this machine's clock says ${clock.now().toISOString()}` };
}
