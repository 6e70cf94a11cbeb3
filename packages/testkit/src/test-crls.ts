import { type KeyObject, sign } from 'node:crypto';
import { signatureAlgorithm, type TestCertificate, type TestExtension, writeExtension } from './test-certificates.ts';
import { bitString, explicit, generalizedTime, integer, oid, sequence, time, tlv } from './write-der.ts';

/** An entry of a CRL. `reason` is its number; `extensions` come after both. */
export type TestRevoked = {
  readonly serialNumber: Uint8Array;
  readonly revokedAt?: Date;
  readonly reason?: number;
  readonly invalidFrom?: Date;
  readonly extensions?: readonly TestExtension[];
};
export type TestCrlSpec = {
  readonly revoked?: readonly TestRevoked[];
  readonly thisUpdate?: Date;
  /** `null` writes none. */
  readonly nextUpdate?: Date | null;
  readonly version?: 1 | 2;
  readonly number?: number;
  readonly extensions?: readonly TestExtension[];
  readonly hash?: 'sha1' | 'sha256' | 'sha384' | 'sha512';
  /** The key to sign with, where it is not the issuer's. */
  readonly signedWith?: KeyObject;
  /** The algorithm inside the signed part, where it is not the one outside. */
  readonly innerHash?: 'sha256' | 'sha384';
};

/** A CRL that says just what it is told to, right or wrong: 2026-06-01T00:00:00Z for a week unless told. */
export function testCrl(issuer: TestCertificate, spec: TestCrlSpec = {}): Buffer {
  const key = spec.signedWith ?? issuer.keys.privateKey;
  const hash = spec.hash ?? 'sha256';
  const extensions = [{ oid: '2.5.29.20', value: integer(spec.number ?? 1) }, ...(spec.extensions ?? [])];
  const nextUpdate = spec.nextUpdate === undefined ? new Date('2026-06-08T00:00:00Z') : spec.nextUpdate;
  const tbs = sequence(
    ...(spec.version === 1 ? [] : [integer(1)]),
    signatureAlgorithm(key, spec.innerHash ?? hash),
    issuer.name,
    time(spec.thisUpdate ?? new Date('2026-06-01T00:00:00Z')),
    ...(nextUpdate ? [time(nextUpdate)] : []),
    ...(spec.revoked?.length ? [sequence(Buffer.concat(spec.revoked.map(entry)))] : []),
    ...(spec.version === 1 ? [] : [explicit(0, sequence(...extensions.map(writeExtension)))]),
  );
  const signature = sign(key.asymmetricKeyType === 'ed25519' ? null : hash, tbs, key);
  return sequence(tbs, signatureAlgorithm(key, hash), bitString(signature));
}

function entry({ serialNumber, revokedAt = new Date('2026-05-01T00:00:00Z'), ...said }: TestRevoked): Buffer {
  const extensions = [
    ...(said.reason === undefined ? [] : [crlReason(said.reason)]),
    ...(said.invalidFrom ? [{ oid: '2.5.29.24', value: generalizedTime(said.invalidFrom) }] : []),
    ...(said.extensions ?? []),
  ];
  return sequence(
    integer(serialNumber),
    time(revokedAt),
    ...(extensions.length > 0 ? [sequence(...extensions.map(writeExtension))] : []),
  );
}

/** The reasonCode of a CRL's entry. */
export function crlReason(number: number): TestExtension {
  return { oid: '2.5.29.21', value: tlv(0x0a, Buffer.of(number)) };
}

/** CRL distribution points of a certificate, each of one URI. */
export function crlDistributionPoints(...uris: readonly string[]): TestExtension {
  return { oid: '2.5.29.31', value: sequence(...uris.map((uri) => sequence(explicit(0, explicit(0, uriName(uri)))))) };
}

/** An issuingDistributionPoint: what is set of its fields, by number. */
export function issuingDistributionPoint(
  ...fields: readonly (1 | 2 | 4 | 5 | 'some reasons' | { readonly uri: string })[]
): TestExtension {
  const written = fields.map((field) => {
    if (typeof field === 'object') return explicit(0, explicit(0, uriName(field.uri)));
    return field === 'some reasons' ? tlv(0x83, Buffer.of(6, 0x40)) : tlv(0x80 | field, Buffer.of(0xff));
  });
  return { oid: '2.5.29.28', value: sequence(...written), critical: true };
}

/** Where a certificate's OCSP responder is (authority information access). */
export function ocspAccess(uri: string): TestExtension {
  return { oid: '1.3.6.1.5.5.7.1.1', value: sequence(sequence(oid('1.3.6.1.5.5.7.48.1'), uriName(uri))) };
}

/** expiredCertsOnCRL. */
export function expiredCertsOnCrl(since: Date): TestExtension {
  return { oid: '2.5.29.60', value: generalizedTime(since) };
}

function uriName(uri: string): Buffer {
  return tlv(0x86, Buffer.from(uri, 'latin1'));
}
