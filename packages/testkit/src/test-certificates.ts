import { createHash, type KeyObject, randomBytes, sign } from 'node:crypto';
import { freshKeys, type TestKeys } from './test-keys.ts';
import {
  bitString,
  boolean,
  explicit,
  implicit,
  integer,
  NULL,
  octetString,
  oid,
  sequence,
  set,
  time,
  tlv,
  utf8String,
} from './write-der.ts';

/** An extension: OID, DER value, whether it is critical; or `written`, its whole DER instead. */
export type TestExtension = {
  readonly oid: string;
  readonly value: Buffer;
  readonly critical?: boolean;
  readonly written?: Buffer;
};
export type TestCertificate = {
  readonly der: Buffer;
  readonly name: Buffer;
  readonly issuerName: Buffer;
  readonly serialNumber: Buffer;
  readonly keys: TestKeys;
};
export type TestCertificateSpec = {
  readonly subject?: string;
  readonly keys?: TestKeys;
  /** Self-signed unless given. */
  readonly issuer?: TestCertificate;
  readonly notBefore?: Date;
  readonly notAfter?: Date;
  readonly version?: 1 | 2 | 3;
  /** The content of the INTEGER, as it is; random unless given. */
  readonly serialNumber?: Buffer;
  /** The whole subject in DER, instead of a common name. */
  readonly name?: Buffer;
  readonly extensions?: readonly TestExtension[];
  readonly hash?: 'sha1' | 'sha256' | 'sha384' | 'sha512';
  /** The key to sign with, where it is not the issuer's. */
  readonly signedWith?: KeyObject;
};

export const TEST_FROM: Date = new Date('2026-01-01T00:00:00Z');
const TEST_UNTIL: Date = new Date('2027-01-01T00:00:00Z');

/** Makes a certificate that says just what it is told to, right or wrong. Deterministic but for key, serial and signature. */
export function testCertificate(spec: TestCertificateSpec): TestCertificate {
  const keys = spec.keys ?? freshKeys();
  const name = spec.name ?? commonName(spec.subject ?? 'test');
  const serialNumber = spec.serialNumber ?? Buffer.concat([Buffer.of(0x40), randomBytes(15)]);
  const signingKey = spec.signedWith ?? (spec.issuer?.keys ?? keys).privateKey;
  const hash = spec.hash ?? 'sha256';
  const algorithm = signatureAlgorithm(signingKey, hash);
  const extensions = (spec.extensions ?? []).map(writeExtension);
  const issuerName = spec.issuer?.name ?? name;
  const tbs = sequence(
    ...(spec.version === 1 ? [] : [explicit(0, integer((spec.version ?? 3) - 1))]),
    tlv(0x02, serialNumber),
    algorithm,
    issuerName,
    sequence(time(spec.notBefore ?? TEST_FROM), time(spec.notAfter ?? TEST_UNTIL)),
    name,
    keys.publicKey.export({ type: 'spki', format: 'der' }),
    ...(extensions.length > 0 && spec.version !== 1 ? [explicit(3, sequence(...extensions))] : []),
  );
  const signature = sign(signingKey.asymmetricKeyType === 'ed25519' ? null : hash, tbs, signingKey);
  return { der: sequence(tbs, algorithm, bitString(signature)), name, issuerName, serialNumber, keys };
}

/** A Name of one common name; of none for an empty text. */
export function commonName(text: string): Buffer {
  return text === '' ? sequence() : distinguishedName(['2.5.4.3', utf8String(text)]);
}

/** A Name of relative names by attribute, each with its string in DER. */
export function distinguishedName(...parts: readonly (readonly [oid: string, value: Buffer])[]): Buffer {
  return sequence(...parts.map(([attribute, value]) => set(sequence(oid(attribute), value))));
}

/** The DER of an extension. */
export function writeExtension({ oid: id, value, critical, written }: TestExtension): Buffer {
  return written ?? sequence(oid(id), ...(critical ? [boolean(true)] : []), octetString(value));
}

const OIDS: { readonly [name: string]: string } = {
  'ec sha1': '1.2.840.10045.4.1',
  'ec sha256': '1.2.840.10045.4.3.2',
  'ec sha384': '1.2.840.10045.4.3.3',
  'ec sha512': '1.2.840.10045.4.3.4',
  'rsa sha1': '1.2.840.113549.1.1.5',
  'rsa sha256': '1.2.840.113549.1.1.11',
  'rsa sha384': '1.2.840.113549.1.1.12',
  'rsa sha512': '1.2.840.113549.1.1.13',
};

/** AlgorithmIdentifier of a signature by this key. */
export function signatureAlgorithm(key: KeyObject, hash: string): Buffer {
  if (key.asymmetricKeyType === 'ed25519') return sequence(oid('1.3.101.112'));
  const name = OIDS[`${key.asymmetricKeyType} ${hash}`];
  if (name === undefined) throw new TypeError(`no OID for ${key.asymmetricKeyType} with ${hash}`);
  return sequence(oid(name), ...(key.asymmetricKeyType === 'rsa' ? [NULL] : []));
}

export function basicConstraints(ca: boolean, pathLength?: number): TestExtension {
  const value = sequence(...(ca ? [boolean(true)] : []), ...(pathLength === undefined ? [] : [integer(pathLength)]));
  return { oid: '2.5.29.19', value, critical: true };
}

/** @param bits first byte of the BIT STRING: 0x80 digitalSignature, 0x04 keyCertSign, 0x02 cRLSign, 0x20 keyEncipherment. */
export function keyUsage(bits: number): TestExtension {
  return { oid: '2.5.29.15', value: bitString(Buffer.of(bits)), critical: true };
}

export const PURPOSES = {
  codeSigning: '1.3.6.1.5.5.7.3.3',
  timeStamping: '1.3.6.1.5.5.7.3.8',
  serverAuth: '1.3.6.1.5.5.7.3.1',
  ocspSigning: '1.3.6.1.5.5.7.3.9',
  any: '2.5.29.37.0',
} as const;

export function extendedKeyUsage(purposes: readonly (keyof typeof PURPOSES)[], critical = false): TestExtension {
  return { oid: '2.5.29.37', value: sequence(...purposes.map((purpose) => oid(PURPOSES[purpose]))), critical };
}

/** @param names as `['uri', 'https://…']`; `other` is an otherName. */
export function subjectAltName(...names: readonly (readonly ['uri' | 'email' | 'dns' | 'other', string])[]): TestExtension {
  const written = names.map(([type, text]) =>
    type === 'other'
      ? explicit(0, oid('1.3.6.1.4.1.57264.1.7'), explicit(0, utf8String(text)))
      : implicit({ email: 1, dns: 2, uri: 6 }[type], Buffer.from(text, 'latin1')),
  );
  return { oid: '2.5.29.17', value: sequence(...written) };
}

export function subjectKeyIdentifier(keys: TestKeys): TestExtension {
  const id = createHash('sha1')
    .update(keys.publicKey.export({ type: 'spki', format: 'der' }))
    .digest();
  return { oid: '2.5.29.14', value: octetString(id) };
}

/** @param keys the issuer's. */
export function authorityKeyIdentifier(keys: TestKeys): TestExtension {
  const { value } = subjectKeyIdentifier(keys);
  return { oid: '2.5.29.35', value: sequence(implicit(0, value.subarray(2))) };
}

/** A name of a constraint: a directory name is DER, an address is address and mask. */
export type TestName = readonly ['uri' | 'email' | 'dns', string] | readonly ['directory' | 'ip', Buffer];

export function nameConstraints(
  permitted: readonly TestName[],
  excluded: readonly TestName[] = [],
  critical = true,
): TestExtension {
  const subtrees = (number: number, names: readonly TestName[]): Buffer[] =>
    names.length === 0 ? [] : [explicit(number, ...names.map((name) => sequence(generalName(name))))];
  return { oid: '2.5.29.30', value: sequence(...subtrees(0, permitted), ...subtrees(1, excluded)), critical };
}

function generalName([form, value]: TestName): Buffer {
  const number = { email: 1, dns: 2, directory: 4, uri: 6, ip: 7 }[form];
  const bytes = Buffer.from(value as Buffer);
  return form === 'directory' ? explicit(number, bytes) : implicit(number, bytes);
}

/** One of Fulcio's extensions 1.3.6.1.4.1.57264.1.N with a DER UTF8String. */
export function fulcioExtension(number: number, text: string): TestExtension {
  return { oid: `1.3.6.1.4.1.57264.1.${number}`, value: utf8String(text) };
}

/** The marker of a trial authority. */
export const TRIAL_MARKER: TestExtension = { oid: '2.25.1879087246.1', value: NULL };
