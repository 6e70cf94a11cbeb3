import { createHash } from 'node:crypto';
import { type NewBundle, writeBundle } from './bundle.ts';
import { SignwrightError } from './error.ts';
import { sha256 } from './formats/digest.ts';
import { algorithmsOf, keyIdOf, SIGNATURE_ALGORITHMS } from './keys.ts';
import type { Clock } from './ports/clock.ts';
import type { Signer } from './ports/signer.ts';
import type { TimestampAuthority } from './ports/timestamp-authority.ts';
import type { RecordedSigner } from './records/record.ts';
import type { SignerRule } from './requirement.ts';
import type { EvidenceTrust } from './verify-evidence.ts';
import { parseCertificate } from './x509/certificate.ts';

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

/** A signer as records name it. */
export async function recordedSigner({ signer, rule }: Pick<Signing, 'signer' | 'rule'>): Promise<RecordedSigner> {
  const certificate = await signer.certificate();
  const key = keyIdOf(await signer.publicKey());
  if (!certificate) return { id: rule.id, key };
  const serial = parseCertificate(certificate).serialNumber.toString('hex');
  return { id: rule.id, key, certificate: { serial, digest: sha256(certificate) } };
}

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

/** @throws SignwrightError `configuration` where our clock and the timestamp authority's lie too far apart. */
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
