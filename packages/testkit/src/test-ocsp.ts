import { createHash, type KeyObject, sign } from 'node:crypto';
import { signatureAlgorithm, type TestCertificate, type TestExtension, writeExtension } from './test-certificates.ts';
import { bitString, explicit, generalizedTime, integer, NULL, octetString, oid, sequence, tlv } from './write-der.ts';

/** What a response says of one certificate. */
export type TestOcspAnswer = {
  readonly certificate: TestCertificate;
  /** The issuer in its CertID, where it is not the one that answers. */
  readonly issuer?: TestCertificate;
  readonly said?: 'good' | 'unknown' | { readonly revokedAt: Date; readonly reason?: number };
  readonly hash?: 'sha1' | 'sha256';
  readonly thisUpdate?: Date;
  /** `null` writes none. */
  readonly nextUpdate?: Date | null;
  readonly extensions?: readonly TestExtension[];
};
export type TestOcspSpec = {
  /** Who signs it, where it is not the issuer, with the certificates it brings (its own unless told). */
  readonly responder?: TestCertificate;
  readonly certificates?: readonly Buffer[];
  /** Names itself by its key and not by its name. */
  readonly byKey?: boolean;
  readonly producedAt?: Date;
  readonly nonce?: Uint8Array;
  readonly extensions?: readonly TestExtension[];
  readonly status?: number;
  readonly hash?: 'sha1' | 'sha256' | 'sha384' | 'sha512';
  readonly signedWith?: KeyObject;
};

/** An OCSPResponse that says just what it is told to: of 2026-06-01T12:00:00Z, for a day, good, unless told. */
export function testOcspResponse(issuer: TestCertificate, answers: readonly TestOcspAnswer[], spec: TestOcspSpec = {}): Buffer {
  const { responder = issuer, hash = 'sha256', status = 0 } = spec;
  if (status !== 0) return sequence(tlv(0x0a, Buffer.of(status)));
  const key = spec.signedWith ?? responder.keys.privateKey;
  const extensions = [
    ...(spec.nonce ? [{ oid: '1.3.6.1.5.5.7.48.1.2', value: octetString(spec.nonce) }] : []),
    ...(spec.extensions ?? []),
  ];
  const data = sequence(
    spec.byKey ? explicit(2, octetString(keyHash(responder, 'sha1'))) : explicit(1, responder.name),
    generalizedTime(spec.producedAt ?? new Date('2026-06-01T12:00:00Z')),
    sequence(...answers.map((answer) => single(issuer, answer))),
    ...(extensions.length > 0 ? [explicit(1, sequence(...extensions.map(writeExtension)))] : []),
  );
  const certificates = spec.certificates ?? (spec.responder ? [spec.responder.der] : []);
  const basic = sequence(
    data,
    signatureAlgorithm(key, hash),
    bitString(sign(key.asymmetricKeyType === 'ed25519' ? null : hash, data, key)),
    ...(certificates.length > 0 ? [explicit(0, sequence(...certificates))] : []),
  );
  return sequence(tlv(0x0a, Buffer.of(0)), explicit(0, sequence(oid('1.3.6.1.5.5.7.48.1.1'), octetString(basic))));
}

function single(by: TestCertificate, answer: TestOcspAnswer): Buffer {
  const { certificate, issuer = by, said = 'good', hash = 'sha1', extensions = [] } = answer;
  const algorithm = sequence(oid(hash === 'sha1' ? '1.3.14.3.2.26' : '2.16.840.1.101.3.4.2.1'), NULL);
  const name = createHash(hash).update(issuer.name).digest();
  const nextUpdate = answer.nextUpdate === undefined ? new Date('2026-06-02T12:00:00Z') : answer.nextUpdate;
  return sequence(
    sequence(algorithm, octetString(name), octetString(keyHash(issuer, hash)), integer(certificate.serialNumber)),
    writeSaid(said),
    generalizedTime(answer.thisUpdate ?? new Date('2026-06-01T12:00:00Z')),
    ...(nextUpdate ? [explicit(0, generalizedTime(nextUpdate))] : []),
    ...(extensions.length > 0 ? [explicit(1, sequence(...extensions.map(writeExtension)))] : []),
  );
}

function writeSaid(said: TestOcspAnswer['said'] & {}): Buffer {
  if (said === 'good') return tlv(0x80);
  if (said === 'unknown') return tlv(0x82);
  const reason = said.reason === undefined ? [] : [explicit(0, tlv(0x0a, Buffer.of(said.reason)))];
  return explicit(1, generalizedTime(said.revokedAt), ...reason);
}

/** A P-256 SubjectPublicKeyInfo ends with its key of 65 bytes. */
function keyHash({ keys }: TestCertificate, hash: string): Buffer {
  const spki = keys.publicKey.export({ type: 'spki', format: 'der' });
  return createHash(hash).update(spki.subarray(-65)).digest();
}
