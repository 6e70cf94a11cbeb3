import type { protos } from '@google-cloud/kms';
import { crc32c } from './crc32c.ts';
import { CORRUPTED } from './explain.ts';

type PublicKey = protos.google.cloud.kms.v1.IPublicKey;
type Signed = protos.google.cloud.kms.v1.IAsymmetricSignResponse;
type Sum = { readonly value?: unknown } | null | undefined;

/**
 * Holds an answer against its checksums and the version that was asked for ("Verifying end-to-end data integrity", Cloud KMS).
 *
 * @throws an error that {@link explain} lets be asked again a few times, as Google advises.
 */
export function checkPublicKey(answer: PublicKey, version: string): void {
  if (answer.name !== version) throw corrupted('it is of another key');
  if (!matches(answer.pemCrc32c, Buffer.from(answer.pem ?? ''))) throw corrupted('its checksum differs');
}

/** As {@link checkPublicKey}; what we sent must have been found whole, too. */
export function checkSignature(answer: Signed, version: string): Uint8Array {
  if (answer.name !== version) throw corrupted('it is by another key');
  if (answer.verifiedDigestCrc32c !== true && answer.verifiedDataCrc32c !== true)
    throw corrupted('what was sent was not verified');
  const signature = answer.signature instanceof Uint8Array ? answer.signature : new Uint8Array();
  if (signature.length === 0 || !matches(answer.signatureCrc32c, signature)) throw corrupted('its checksum differs');
  return signature;
}

function matches(sum: Sum, bytes: Uint8Array): boolean {
  return ['string', 'number'].includes(typeof sum?.value) && Number(sum?.value) === crc32c(bytes);
}

function corrupted(message: string): Error {
  return Object.assign(new Error(message), { code: CORRUPTED });
}
