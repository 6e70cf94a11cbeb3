import type { Envelope } from './envelope.ts';
import { quoted } from './formats/quoted.ts';
import { type FieldReader, fieldReader } from './formats/read-json.ts';
import { type Json, type JsonObject, parseStrictJson } from './formats/strict-json.ts';
import { parseCertificate } from './x509/certificate.ts';

/** A Sigstore bundle: one signature, over a file or a statement, and what is needed to verify it. */
export type Bundle = {
  readonly content:
    | { readonly type: 'envelope'; readonly envelope: Envelope }
    | { readonly type: 'message'; readonly hash: string; readonly digest: Buffer; readonly signature: Buffer };
  /** The leaf in DER, or a hint at a public key. */
  readonly key: { readonly type: 'certificate'; readonly der: Buffer } | { readonly type: 'public-key'; readonly hint: string };
  /** TimeStampResp, DER each. */
  readonly timestamps: readonly Buffer[];
  /** How many transparency log entries it carries; they are read by @sigstore/verify, from {@link Bundle.json}. */
  readonly logEntries: number;
  readonly json: Json;
};

/** A bundle's bytes at the most. */
export const MAX_BUNDLE: number = 96 * 1024 * 1024;
/** Fields and list entries of a bundle: real ones have some dozens. */
const MAX_PARTS = 20_000;

const BUNDLE_V03 = 'application/vnd.dev.sigstore.bundle.v0.3+json';
const OLDER = [
  'application/vnd.dev.sigstore.bundle+json;version=0.1',
  'application/vnd.dev.sigstore.bundle+json;version=0.2',
  'application/vnd.dev.sigstore.bundle+json;version=0.3',
];
const HASHES = new Map([
  ['SHA2_256', 'sha256'],
  ['SHA2_384', 'sha384'],
  ['SHA2_512', 'sha512'],
]);
/** Timestamps, and log entries, at the most: each costs a signature check. */
const MOST_TIMES = 32;
const LONGEST_CHAIN = 8;
const MATERIAL = ['certificate', 'x509CertificateChain', 'publicKey'];

/**
 * Reads a Sigstore bundle, v0.1 to v0.3, strictly: one signature, one encoding, no unknown or duplicate fields; in v0.3 a leaf
 * certificate and no chain.
 *
 * @throws SignwrightError `invalid-input` that names the field.
 */
export function parseBundle(bytes: Uint8Array, what = 'the bundle'): Bundle {
  const json = parseStrictJson(bytes, { what, maxBytes: MAX_BUNDLE, maxParts: MAX_PARTS });
  const read = fieldReader(what);
  const fields = read.object(json, '', ['mediaType', 'verificationMaterial', 'messageSignature', 'dsseEnvelope']);
  const mediaType = read.text(fields['mediaType'], 'mediaType');
  if (mediaType !== BUNDLE_V03 && !OLDER.includes(mediaType))
    read.fail('mediaType', `is ${quoted(mediaType)}, not a Sigstore bundle of version 0.1 to 0.3`);
  const material = read.object(fields['verificationMaterial'], 'verificationMaterial', [
    ...MATERIAL,
    'tlogEntries',
    'timestampVerificationData',
  ]);
  const few = (value: Json | undefined, path: string): readonly Json[] => {
    const list = read.list(value ?? [], path);
    return list.length <= MOST_TIMES ? list : read.fail(path, `are ${list.length}, more than ${MOST_TIMES}`);
  };
  const attested = read.object(material['timestampVerificationData'] ?? {}, 'timestampVerificationData', ['rfc3161Timestamps']);
  return {
    content: readContent(read, fields),
    key: readKey(read, material, mediaType === BUNDLE_V03 || mediaType.endsWith('=0.3')),
    timestamps: few(attested['rfc3161Timestamps'], 'rfc3161Timestamps').map((one, index) => {
      const path = `rfc3161Timestamps[${index}]`;
      return read.bytes(read.object(one, path, ['signedTimestamp'])['signedTimestamp'], `${path}.signedTimestamp`);
    }),
    logEntries: few(material['tlogEntries'], 'tlogEntries').length,
    json,
  };
}

function readContent(read: FieldReader, fields: JsonObject): Bundle['content'] {
  if ((fields['messageSignature'] === undefined) === (fields['dsseEnvelope'] === undefined)) {
    return read.fail('', 'must carry either messageSignature or dsseEnvelope');
  }
  if (fields['dsseEnvelope'] !== undefined) {
    const envelope = read.object(fields['dsseEnvelope'], 'dsseEnvelope', ['payload', 'payloadType', 'signatures']);
    const signatures = read.list(envelope['signatures'], 'dsseEnvelope.signatures');
    if (signatures.length !== 1) return read.fail('dsseEnvelope.signatures', `must hold one signature, not ${signatures.length}`);
    const signature = read.object(signatures[0], 'dsseEnvelope.signatures[0]', ['sig', 'keyid']);
    return {
      type: 'envelope',
      envelope: {
        payloadType: read.text(envelope['payloadType'], 'dsseEnvelope.payloadType'),
        payload: read.bytes(envelope['payload'], 'dsseEnvelope.payload'),
        signature: read.bytes(signature['sig'], 'dsseEnvelope.signatures[0].sig'),
      },
    };
  }
  const message = read.object(fields['messageSignature'], 'messageSignature', ['messageDigest', 'signature']);
  const digest = read.object(message['messageDigest'], 'messageSignature.messageDigest', ['algorithm', 'digest']);
  const algorithm = read.text(digest['algorithm'], 'messageSignature.messageDigest.algorithm');
  return {
    type: 'message',
    hash:
      HASHES.get(algorithm) ??
      read.fail('messageSignature.messageDigest.algorithm', `is ${quoted(algorithm)}, not SHA2_256, SHA2_384 or SHA2_512`),
    digest: read.bytes(digest['digest'], 'messageSignature.messageDigest.digest'),
    signature: read.bytes(message['signature'], 'messageSignature.signature'),
  };
}

function readKey(read: FieldReader, material: JsonObject, newest: boolean): Bundle['key'] {
  if (MATERIAL.filter((name) => material[name] !== undefined).length !== 1) {
    return read.fail('verificationMaterial', `must carry exactly one of ${MATERIAL.join(', ')}`);
  }
  if (material['publicKey'] !== undefined) {
    const key = read.object(material['publicKey'], 'publicKey', ['hint']);
    return { type: 'public-key', hint: read.text(key['hint'] ?? '', 'publicKey.hint') };
  }
  if (material['certificate'] !== undefined) {
    const leaf = read.object(material['certificate'], 'certificate', ['rawBytes']);
    return { type: 'certificate', der: read.bytes(leaf['rawBytes'], 'certificate.rawBytes') };
  }
  if (newest) return read.fail('verificationMaterial', 'carries a certificate chain; version 0.3 carries the leaf alone');
  const chain = read.object(material['x509CertificateChain'], 'x509CertificateChain', ['certificates']);
  const [leaf, ...issuers] = read.list(chain['certificates'], 'x509CertificateChain.certificates').map((value, index) => {
    const path = `x509CertificateChain.certificates[${index}]`;
    return read.bytes(read.object(value, path, ['rawBytes'])['rawBytes'], `${path}.rawBytes`);
  });
  if (!leaf || issuers.length > LONGEST_CHAIN) {
    return read.fail('x509CertificateChain.certificates', `must hold a leaf and at most ${LONGEST_CHAIN} issuers`);
  }
  if (issuers.some(isRoot)) return read.fail('x509CertificateChain.certificates', 'hold a root; roots come with the trust root');
  return { type: 'certificate', der: leaf };
}

function isRoot(der: Buffer): boolean {
  const { issuer, subject } = parseCertificate(der, "a certificate of the bundle's chain");
  return issuer.equals(subject);
}

/** What {@link writeBundle} takes: as {@link Bundle}, of what we make ourselves. */
export type NewBundle = Pick<Bundle, 'content' | 'key' | 'timestamps'>;

/** Writes a bundle of version 0.3 as JSON, one line. The envelope's keyid stays out: cosign would look for a key by it. */
export function writeBundle(bundle: NewBundle): Buffer {
  const { content, key, timestamps } = bundle;
  const verificationMaterial = {
    ...(key.type === 'certificate'
      ? { certificate: { rawBytes: key.der.toString('base64') } }
      : { publicKey: { hint: key.hint } }),
    timestampVerificationData: { rfc3161Timestamps: timestamps.map((one) => ({ signedTimestamp: one.toString('base64') })) },
  };
  if (content.type === 'message') {
    const algorithm = [...HASHES.keys()].find((name) => HASHES.get(name) === content.hash);
    const messageDigest = { algorithm, digest: content.digest.toString('base64') };
    const messageSignature = { messageDigest, signature: content.signature.toString('base64') };
    return Buffer.from(`${JSON.stringify({ mediaType: BUNDLE_V03, verificationMaterial, messageSignature })}\n`);
  }
  const { payload, payloadType, signature } = content.envelope;
  const dsseEnvelope = { payload: payload.toString('base64'), payloadType, signatures: [{ sig: signature.toString('base64') }] };
  return Buffer.from(`${JSON.stringify({ mediaType: BUNDLE_V03, verificationMaterial, dsseEnvelope })}\n`);
}
