import { bytesOf, child, type Der, isContext, readDer, readTime, retag } from '../x509/der.ts';

const HASHES: { readonly [oid: string]: 'sha256' | 'sha384' | 'sha512' } = {
  '2.16.840.1.101.3.4.2.1': 'sha256',
  '2.16.840.1.101.3.4.2.2': 'sha384',
  '2.16.840.1.101.3.4.2.3': 'sha512',
};
const SIGNED_DATA = '1.2.840.113549.1.7.2';
const TST_INFO = '1.2.840.113549.1.9.16.1.4';
const CONTENT_TYPE = '1.2.840.113549.1.9.3';
const MESSAGE_DIGEST = '1.2.840.113549.1.9.4';
const SIGNING_CERTIFICATE = '1.2.840.113549.1.9.16.2.12';
const SIGNING_CERTIFICATE_V2 = '1.2.840.113549.1.9.16.2.47';
const SET = 0x31;

export type HashName = 'sha256' | 'sha384' | 'sha512';

/** What a granted TimeStampResp says, before any of it is believed (RFC 3161, 2.4.2; RFC 5652; RFC 5816). */
export type TimestampResponse = {
  readonly imprint: { readonly hash: HashName; readonly digest: Buffer };
  /** Milliseconds since 1970 UTC. */
  readonly time: number;
  readonly serialNumber: Buffer;
  readonly nonce?: Buffer;
  /** The token's content, over which `messageDigest` was taken. */
  readonly content: Buffer;
  /** Those the token brings, DER. */
  certificates(): readonly Buffer[];
  readonly signer: {
    /** Either the certificate's issuer (DER) and serial number, or its subject key identifier. */
    readonly id: { readonly issuer: Buffer; readonly serialNumber: Buffer } | { readonly keyIdentifier: Buffer };
    readonly hash: HashName;
    readonly messageDigest: Buffer;
    /** Digest of the certificate the token names as the signer's. */
    readonly certificateHash: { readonly hash: HashName | 'sha1'; readonly digest: Buffer };
    /** What the signature is over: the signed attributes as a DER SET. */
    readonly signedAttributes: Buffer;
    readonly signature: Buffer;
  };
};

/** Reads a TimeStampResp in DER. Throws an Error that says what is malformed or why it was not granted. */
export function readTimestampResponse(response: Uint8Array): TimestampResponse {
  const root = readDer(response);
  const status = child(child(root, 0), 0).toInteger();
  if (status !== 0n && status !== 1n) throw new Error(`the authority refused (status ${status})`);
  const token = child(root, 1);
  if (child(token, 0).toOID() !== SIGNED_DATA) throw new Error('the token is not signed data');
  const signedData = child(child(token, 1), 0);
  const encapsulated = child(signedData, 2);
  if (child(encapsulated, 0).toOID() !== TST_INFO) throw new Error('the token holds no timestamp');
  const content = child(child(encapsulated, 1), 0).value;
  const certificates = signedData.subs.slice(3).find((part) => isContext(part, 0));
  const signers = child(signedData, signedData.subs.length - 1).subs;
  if (signers.length !== 1) throw new Error(`the token has ${signers.length} signers, not one`);
  return {
    ...readInfo(content),
    content,
    certificates: () => (certificates?.subs ?? []).map(bytesOf),
    signer: readSigner(child(child(signedData, signedData.subs.length - 1), 0)),
  };
}

function readInfo(content: Buffer): Pick<TimestampResponse, 'imprint' | 'time' | 'serialNumber' | 'nonce'> {
  const info = readDer(content);
  if (child(info, 0).toInteger() !== 1n) throw new Error('the timestamp is not version 1');
  const imprint = child(info, 2);
  const nonce = info.subs.slice(5).find((part) => part.tag.isInteger());
  return {
    imprint: { hash: hashOf(child(imprint, 0)), digest: child(imprint, 1).value },
    serialNumber: child(info, 3).value,
    time: readTime(child(info, 4)),
    ...(nonce ? { nonce: nonce.value } : {}),
  };
}

function readSigner(info: Der): TimestampResponse['signer'] {
  const id = child(info, 1);
  const signed = info.subs.find((part) => isContext(part, 0) && part.tag.constructed && part !== id);
  if (!signed) throw new Error('the signer signed no attributes');
  const after = info.subs.indexOf(signed);
  const attributes = readAttributes(signed);
  if (child(attributes(CONTENT_TYPE), 0).toOID() !== TST_INFO) throw new Error('the signed content type is another');
  return {
    id: isContext(id, 0) ? { keyIdentifier: id.value } : { issuer: bytesOf(child(id, 0)), serialNumber: child(id, 1).value },
    hash: hashOf(child(info, 2)),
    messageDigest: child(attributes(MESSAGE_DIGEST), 0).value,
    certificateHash: readCertificateHash(attributes),
    signedAttributes: retag(signed, SET),
    signature: child(info, after + 2).value,
  };
}

type Attributes = { (oid: string): Der; has(oid: string): boolean };

/** Values of the signed attributes by OID; each may be there once. */
function readAttributes(signed: Der): Attributes {
  const found = new Map<string, Der>();
  for (const attribute of signed.subs) {
    const oid = child(attribute, 0).toOID();
    if (found.has(oid)) throw new Error(`the signed attribute ${oid} is there twice`);
    found.set(oid, child(attribute, 1));
  }
  const read = (oid: string): Der => {
    const value = found.get(oid);
    if (!value) throw new Error(`the signed attribute ${oid} is missing`);
    return value;
  };
  return Object.assign(read, { has: (oid: string) => found.has(oid) });
}

/** ESSCertIDv2 (RFC 5816: SHA-256 unless named) or, from older authorities, ESSCertID (SHA-1; it only names the certificate). */
function readCertificateHash(attributes: Attributes): TimestampResponse['signer']['certificateHash'] {
  if (attributes.has(SIGNING_CERTIFICATE_V2)) {
    const id = child(child(child(attributes(SIGNING_CERTIFICATE_V2), 0), 0), 0);
    const first = child(id, 0);
    return first.tag.isOctetString()
      ? { hash: 'sha256', digest: first.value }
      : { hash: hashOf(first), digest: child(id, 1).value };
  }
  const id = child(child(child(attributes(SIGNING_CERTIFICATE), 0), 0), 0);
  return { hash: 'sha1', digest: child(id, 0).value };
}

function hashOf(algorithm: Der): HashName {
  const oid = child(algorithm, 0).toOID();
  const hash = HASHES[oid];
  if (!hash) throw new Error(`the hash algorithm ${oid} is not accepted`);
  return hash;
}
