import { createHash } from 'node:crypto';
import { type NewBundle, writeBundle } from './bundle.ts';
import { IN_TOTO, preAuthEncoding } from './envelope.ts';
import { SignwrightError } from './error.ts';
import { type Sha256, sha256 } from './formats/digest.ts';
import { algorithmsOf, keyIdOf, SIGNATURE_ALGORITHMS } from './keys.ts';
import { matchAuthor } from './match-author.ts';
import type { Clock } from './ports/clock.ts';
import type { Signer } from './ports/signer.ts';
import type { TimestampAuthority } from './ports/timestamp-authority.ts';
import type { RecordedSigner } from './records/record.ts';
import { type Claims, type ReleasePart, writeReleasePart } from './release-part.ts';
import type { SignerRule } from './requirement.ts';
import type { RefusalCode } from './verdict.ts';
import { certifiedClaims, type EvidenceTrust, type Verified, verifyEvidence } from './verify-evidence.ts';
import { parseCertificate } from './x509/certificate.ts';
import { type CertifiedIdentity, identityOf } from './x509/claims.ts';

/** What signing needs of the world. */
export type Signing = {
  readonly signer: Signer;
  /** Who the policy says this signer is: what is signed must verify as its. */
  readonly rule: SignerRule;
  readonly timestamps: TimestampAuthority;
  readonly trust: EvidenceTrust;
  readonly clock: Clock;
};

/** How far our clock and the timestamp authority's may lie apart, in milliseconds. */
const CLOCK_SKEW = 5 * 60 * 1000;

/** A part that is ready to be signed: what exactly, and by whom. */
export type PreparedPart = {
  /** SHA-256 of the exact bytes to sign. */
  readonly bytes: Sha256;
  readonly signer: RecordedSigner;
  /** What the signer's certificate says, where it has one. */
  readonly certified?: Claims;
  readonly payload: Buffer;
  readonly message: Buffer;
  readonly signing: Signing;
};

/** A part that was signed and verified. */
export type SignedPart = {
  /** The bundle, and its digest. */
  readonly bytes: Buffer;
  readonly evidence: Sha256;
  /** SHA-256 of the signature. */
  readonly signature: Sha256;
  readonly verified: Verified;
};

/**
 * Settles what is to be signed: the certificate, if any, and the statement with what it certifies. Nothing is signed yet, so that an
 * intent to sign exactly these bytes can be recorded first.
 *
 * @throws SignwrightError what the signer throws.
 */
export async function preparePart(
  part: Omit<ReleasePart, 'source'> & { readonly asserted: ReleasePart['source']['asserted'] },
  signing: Signing,
): Promise<PreparedPart> {
  const { asserted, ...rest } = part;
  const certificate = await signing.signer.certificate();
  const certified = certificate ? certifiedClaims(identityBy(certificate, signing.trust)) : undefined;
  const payload = writeReleasePart({ ...rest, source: { ...(certified ? { certified } : {}), asserted } });
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

/** A signer as records name it. */
export async function recordedSigner({ signer, rule }: Pick<Signing, 'signer' | 'rule'>): Promise<RecordedSigner> {
  const certificate = await signer.certificate();
  const key = keyIdOf(await signer.publicKey());
  if (!certificate) return { id: rule.id, key };
  const serial = parseCertificate(certificate).serialNumber.toString('hex');
  return { id: rule.id, key, certificate: { serial, digest: sha256(certificate) } };
}

/**
 * Signs a release part: signature → timestamp → bundle → verify, and only what verifies is returned.
 *
 * @throws SignwrightError `denied` where the certificate is not one the policy names for the signer, `configuration` where our
 * clock is off, `unreachable` from the signer or the authority, `verification` where what was signed does not hold.
 */
export async function signPart({ payload, message, signing }: PreparedPart): Promise<SignedPart> {
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
  if ('said' in verified) throw new TypeError('a part that reads as another statement');
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

/** Signs a message that is at hand, by the first algorithm of the signer's key. */
export async function signMessage(signer: Signer, message: Uint8Array): Promise<Buffer> {
  const algorithm = algorithmsOf(await signer.publicKey())[0];
  const digest = createHash(SIGNATURE_ALGORITHMS[algorithm].hash).update(message).digest();
  return Buffer.from(await signer.sign({ algorithm, digest, message }));
}

/** Timestamps a signature and makes the bundle that carries both. */
export async function seal(content: NewBundle['content'], signature: Buffer, { signer, timestamps }: Signing): Promise<Buffer> {
  const certificate = await signer.certificate();
  const timestamp = Buffer.from(await timestamps.timestamp(signature));
  const key: NewBundle['key'] = certificate
    ? { type: 'certificate', der: Buffer.from(certificate) }
    : { type: 'public-key', hint: keyIdOf(await signer.publicKey()) };
  return writeBundle({ content, key, timestamps: [timestamp] });
}

/** Refuses to go on where our clock is far from what an authority attested, milliseconds since 1970 UTC. */
export function checkClock(attested: number, clock: Clock): void {
  const off = clock.now().getTime() - attested;
  if (Math.abs(off) > CLOCK_SKEW) {
    throw new SignwrightError(
      'configuration',
      `this machine's clock is ${Math.round(Math.abs(off) / 1000)} s ${off > 0 ? 'ahead of' : 'behind'} the timestamp authority's`,
      {
        next: 'set the clock (NTP) and sign again; nothing was written',
      },
    );
  }
}

function clockHint({ clock }: Signing): { next: string } {
  return { next: `nothing was written; this machine's clock says ${clock.now().toISOString()}` };
}
