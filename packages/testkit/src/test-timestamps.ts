import { createHash, randomBytes, sign } from 'node:crypto';
import { signatureAlgorithm, type TestCertificate } from './test-certificates.ts';
import {
  boolean,
  explicit,
  generalizedTime,
  implicit,
  integer,
  NULL,
  octetString,
  oid,
  sequence,
  set,
  tlv,
  utf8String,
} from './write-der.ts';

type Hash = 'sha256' | 'sha384' | 'sha512';
export type TestTimestampFaults = {
  readonly at?: Date;
  /** Digits behind the second. */
  readonly fraction?: string;
  readonly nonce?: Uint8Array;
  /** 0 unless told; 2 is a rejection. */
  readonly status?: number;
  readonly imprintHash?: Hash | 'sha1';
  readonly digestHash?: Hash;
  /** The content as it is sent, changed after it was signed. */
  readonly changeContent?: (content: Buffer) => Buffer;
  /** The content type that is signed. */
  readonly contentType?: string;
  /** The content type of the token. */
  readonly encapsulatedType?: string;
  readonly infoVersion?: number;
  readonly attributes?: 'none' | 'twice';
  /** The certificate the ESSCertID is over, where it is not the signer's. */
  readonly essCertificate?: Buffer;
  readonly ess?: 'v1' | 'v2' | 'v2-sha384' | 'none';
  readonly sid?: 'issuer' | 'key-identifier';
  /** Certificates in the token; the signer's own unless told. */
  readonly embed?: readonly Buffer[];
  readonly signers?: number;
  readonly flipSignature?: boolean;
  /** Bytes of an unused extension of the TSTInfo, to make it large. */
  readonly padding?: number;
};

const HASH_OIDS = {
  sha1: '1.3.14.3.2.26',
  sha256: '2.16.840.1.101.3.4.2.1',
  sha384: '2.16.840.1.101.3.4.2.2',
  sha512: '2.16.840.1.101.3.4.2.3',
} as const;
const TST_INFO = '1.2.840.113549.1.9.16.1.4';

/** A TimeStampResp over `signature` by this certificate's key (RFC 3161, RFC 5816), right unless told otherwise. */
export function testTimestamp(signer: TestCertificate, signature: Uint8Array, faults: TestTimestampFaults = {}): Buffer {
  const status = sequence(integer(faults.status ?? 0));
  if ((faults.status ?? 0) > 1) return sequence(status);
  const content = timestampInfo(signature, faults);
  const info = signerInfo(signer, content, faults);
  const sent = faults.changeContent?.(content) ?? content;
  const certificates = faults.embed ?? [signer.der];
  const signedData = sequence(
    integer(3),
    set(algorithm(faults.digestHash ?? 'sha256')),
    sequence(oid(faults.encapsulatedType ?? TST_INFO), explicit(0, octetString(sent))),
    ...(certificates.length > 0 ? [explicit(0, ...certificates)] : []),
    set(...Array.from({ length: faults.signers ?? 1 }, () => info)),
  );
  return sequence(status, sequence(oid('1.2.840.113549.1.7.2'), explicit(0, signedData)));
}

function timestampInfo(signature: Uint8Array, faults: TestTimestampFaults): Buffer {
  const hash = faults.imprintHash ?? 'sha256';
  return sequence(
    integer(faults.infoVersion ?? 1),
    oid('1.3.6.1.4.1.57264.2'),
    sequence(algorithm(hash), octetString(createHash(hash).update(signature).digest())),
    integer(Buffer.concat([Buffer.of(0x40), randomBytes(7)])),
    generalizedTime(faults.at ?? new Date('2026-06-01T12:00:00Z'), faults.fraction),
    sequence(integer(1)),
    boolean(true),
    ...(faults.nonce ? [tlv(0x02, faults.nonce)] : []),
    explicit(0, explicit(4, sequence(set(sequence(oid('2.5.4.3'), utf8String('test TSA')))))),
    ...(faults.padding ? [explicit(1, sequence(oid('1.3.6.1.4.1.57264.3'), octetString(Buffer.alloc(faults.padding))))] : []),
  );
}

function signerInfo(signer: TestCertificate, content: Buffer, faults: TestTimestampFaults): Buffer {
  const hash = faults.digestHash ?? 'sha256';
  const key = signer.keys.privateKey;
  const attributes = [
    attribute('1.2.840.113549.1.9.3', oid(faults.contentType ?? TST_INFO)),
    attribute('1.2.840.113549.1.9.4', octetString(createHash(hash).update(content).digest())),
    ...signingCertificate(signer, faults),
  ].sort(Buffer.compare);
  if (faults.attributes === 'twice') attributes.push(attributes[0] as Buffer);
  const signature = sign(key.asymmetricKeyType === 'ed25519' ? null : hash, set(...attributes), key);
  if (faults.flipSignature) signature[signature.length - 1] = (signature.at(-1) as number) ^ 1;
  return sequence(
    integer(faults.sid === 'key-identifier' ? 3 : 1),
    faults.sid === 'key-identifier'
      ? implicit(0, keyIdentifier(signer))
      : sequence(signer.issuerName, integer(signer.serialNumber)),
    algorithm(hash),
    ...(faults.attributes === 'none' ? [] : [explicit(0, ...attributes)]),
    signatureAlgorithm(key, hash),
    octetString(signature),
  );
}

function signingCertificate(signer: TestCertificate, { ess = 'v2', essCertificate = signer.der }: TestTimestampFaults): Buffer[] {
  const digest = (hash: string): Buffer => octetString(createHash(hash).update(essCertificate).digest());
  const named = (type: string, ...id: Buffer[]): Buffer[] => [attribute(type, sequence(sequence(sequence(...id))))];
  if (ess === 'none') return [];
  if (ess === 'v1') return named('1.2.840.113549.1.9.16.2.12', digest('sha1'));
  if (ess === 'v2') return named('1.2.840.113549.1.9.16.2.47', digest('sha256'));
  return named('1.2.840.113549.1.9.16.2.47', algorithm('sha384'), digest('sha384'));
}

function algorithm(hash: keyof typeof HASH_OIDS): Buffer {
  return sequence(oid(HASH_OIDS[hash]), NULL);
}

function attribute(type: string, value: Buffer): Buffer {
  return sequence(oid(type), set(value));
}

function keyIdentifier(signer: TestCertificate): Buffer {
  return createHash('sha1')
    .update(signer.keys.publicKey.export({ type: 'spki', format: 'der' }))
    .digest();
}
