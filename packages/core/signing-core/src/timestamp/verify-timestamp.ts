import { createHash } from 'node:crypto';
import { algorithmsOf } from '../keys.ts';
import { Refused } from '../refused.ts';
import { listedIn, type ReliedOn, reliedOn } from '../revocation/relied-on.ts';
import { verifyMessage } from '../verify-signature.ts';
import { basicConstraintsOf, type Certificate, parseCertificate, subjectKeyIdentifierOf } from '../x509/certificate.ts';
import { type Authority, checkPath } from '../x509/path.ts';
import { readTimestampResponse, type TimestampResponse } from './read-timestamp.ts';

/** A time somebody we trust for it has attested. */
export type TrustedTime = {
  /** Milliseconds since 1970 UTC. */
  readonly at: number;
  /** Who attested it, for people. */
  readonly authority: string;
  /** Whether that was a trial authority. */
  readonly development: boolean;
  /** The certificates it rests on, its authority's own first. */
  readonly reliedOn?: readonly ReliedOn[];
};

/** TimeStampResp bytes at the most. */
export const MAX_TIMESTAMP = 65_536;

/**
 * Checks a TimeStampResp over a signature (RFC 3161, 2.2): the imprint is of these bytes, the nonce is the one sent, the token is
 * signed by the certificate it names, and that certificate was good for timestamping alone, under an authority of the trust root,
 * at the time it states.
 *
 * @param nonce the bytes of the INTEGER that was sent; left out when the response comes from a bundle.
 * @throws Refused `bad-timestamp`.
 */
export function verifyTimestamp(
  response: Uint8Array,
  signature: Uint8Array,
  authorities: readonly Authority[],
  nonce?: Uint8Array,
): TrustedTime {
  const said = read(response);
  const imprint = createHash(said.imprint.hash).update(signature).digest();
  if (!imprint.equals(said.imprint.digest)) throw bad('it is over something else');
  if (nonce && !said.nonce?.equals(nonce)) throw bad('its nonce is not the one that was sent');
  const content = createHash(said.signer.hash).update(said.content).digest();
  if (!content.equals(said.signer.messageDigest)) throw bad('its content was changed');
  const failures: Refused[] = [];
  for (const authority of authorities) {
    try {
      return checkSigner(said, authority);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      failures.push(error);
    }
  }
  const last = failures.at(-1);
  if (last?.refusal === 'bad-timestamp') throw last;
  throw bad(last?.message ?? 'the trust root lists no timestamp authority', last);
}

function checkSigner(said: TimestampResponse, authority: Authority): TrustedTime {
  const { leaf, issuers } = findSigner(said, authority);
  const { development } = checkPath(leaf, issuers, said.time, 'timeStamping');
  const { hash, digest } = said.signer.certificateHash;
  if (!createHash(hash).update(leaf.der).digest().equals(digest)) throw bad('it names another signing certificate');
  if (!verifyMessage(leaf.publicKey, said.signer.signature, said.signer.signedAttributes, allowedHashes(leaf, said))) {
    throw bad(`the signature of ${leaf.subjectText} does not hold`);
  }
  const path = leaf === authority.chain[0] ? listedIn(authority.chain, 'timestamp') : reliedOn(leaf, issuers, 'timestamp');
  return { at: said.time, authority: leaf.subjectText, development, reliedOn: path };
}

/** A trust root lists the authority's own certificate first, or only the CAs above it; then the token must bring the leaf. */
function findSigner(said: TimestampResponse, authority: Authority): { leaf: Certificate; issuers: Authority } {
  const [first, second, ...rest] = authority.chain;
  if (basicConstraintsOf(first).ca) {
    const leaf = said
      .certificates()
      .flatMap(readable)
      .find((certificate) => isSigner(said, certificate));
    if (!leaf) throw bad('it brings no certificate of its signer');
    return { leaf, issuers: authority };
  }
  if (!isSigner(said, first)) throw bad('it is by an authority that the trust root does not list');
  if (!second) throw bad(`the trust root lists ${first.subjectText} without its issuer`);
  return { leaf: first, issuers: { ...authority, chain: [second, ...rest] } };
}

/** A token may carry what is no certificate of ours; it is then not its signer's. */
function readable(der: Buffer): Certificate[] {
  try {
    return [parseCertificate(der)];
  } catch {
    return [];
  }
}

function isSigner({ signer: { id } }: TimestampResponse, certificate: Certificate): boolean {
  if ('keyIdentifier' in id) {
    return subjectKeyIdentifierOf(certificate)?.equals(id.keyIdentifier) ?? false;
  }
  return certificate.issuer.equals(id.issuer) && certificate.serialNumber.equals(id.serialNumber);
}

/** Authorities sign with the digest algorithm they name, not with the one their key would suggest. */
function allowedHashes(leaf: Certificate, said: TimestampResponse): readonly string[] {
  return algorithmsOf(leaf.publicKey)[0] === 'ed25519' ? ['sha512'] : [said.signer.hash, 'sha256', 'sha384', 'sha512'];
}

function read(response: Uint8Array): TimestampResponse {
  if (response.length > MAX_TIMESTAMP) throw bad(`it is larger than ${MAX_TIMESTAMP} bytes`);
  try {
    return readTimestampResponse(response);
  } catch (cause) {
    throw bad((cause as Error).message, cause);
  }
}

function bad(why: string, cause?: unknown): Refused {
  return new Refused('bad-timestamp', `the timestamp does not count: ${why}`, cause);
}
