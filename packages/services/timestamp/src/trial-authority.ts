import { createHash, createPrivateKey, type KeyObject, sign, X509Certificate } from 'node:crypto';
import { type Clock, derWriter, messageOf, SignwrightError, type TimestampAuthority } from '@signwright/signing-core';
import { ASN1Obj } from '@sigstore/core/dist/asn1/index.js';
import { messageImprint, randomInteger, SHA256 } from './request.ts';

const { constructed, generalizedTime, integer, NULL, octetString, oid, sequence, setOf, time, element } = derWriter;

/** What a timestamp authority signs with. */
export type TimestampKey = {
  /** ECDSA P-256, PKCS#8 in PEM. */
  privateKey: string;
  /** Certificates in PEM, the authority's own first. */
  certificateChain: string;
};

const SIGNED_DATA = oid('1.2.840.113549.1.7.2');
const TST_INFO = oid('1.2.840.113549.1.9.16.1.4');
const CONTENT_TYPE = oid('1.2.840.113549.1.9.3');
const MESSAGE_DIGEST = oid('1.2.840.113549.1.9.4');
const SIGNING_TIME = oid('1.2.840.113549.1.9.5');
const SIGNING_CERTIFICATE_V2 = oid('1.2.840.113549.1.9.16.2.47');
const ECDSA_WITH_SHA256 = sequence(oid('1.2.840.10045.4.3.2'));
/** "As the trial authority does it": our own, beside the trial certificates' marker. Go reads no arc of 32 bits or more. */
const POLICY = oid('2.25.1879087246.2');
const VERSION_1 = integer(1n);
const VERSION_3 = integer(3n);
const GRANTED = sequence(integer(0n));
const SERIAL_BYTES = 16;
const NONCE_BYTES = 8;

/**
 * A timestamp authority inside this process, for trials: it attests only what this machine's clock says, so what rests on it is
 * marked as development. Its answers are RFC 3161 and 5816 as any authority's.
 *
 * @throws SignwrightError `configuration` where the key is not ECDSA P-256, or not the certificate's.
 */
export function createTrialTimestampAuthority(material: TimestampKey, clock: Clock): TimestampAuthority {
  const answer = answering(material, clock);
  return { timestamp: (signature) => answer(messageImprint(signature), integer(randomInteger(NONCE_BYTES))) };
}

/**
 * The same for requests that come over the network: a TimeStampReq (RFC 3161, 2.4.1) with a SHA-256 imprint is answered with its nonce.
 *
 * @throws from the function, SignwrightError `invalid-input` for what is no such request.
 */
export function createTrialTimestampResponder(
  material: TimestampKey,
  clock: Clock,
): (request: Uint8Array) => Promise<Uint8Array> {
  const answer = answering(material, clock);
  return async (request) => {
    const { imprint, nonce } = readRequest(request);
    return answer(imprint, nonce);
  };
}

function answering(material: TimestampKey, clock: Clock): (imprint: Buffer, nonce: Buffer) => Promise<Buffer> {
  const { key, certificates } = read(material);
  const signerOf = signerTemplate(certificates[0] as Buffer);
  const embedded = constructed(0, ...certificates);
  return async (imprint, nonce) => {
    const now = clock.now();
    const content = timestampInfo(imprint, nonce, now);
    const signer = await signerOf(content, now, key);
    const encapsulated = sequence(TST_INFO, constructed(0, octetString(content)));
    const signedData = sequence(VERSION_3, setOf(SHA256), encapsulated, embedded, setOf(signer));
    return sequence(GRANTED, sequence(SIGNED_DATA, constructed(0, signedData)));
  };
}

const MAX_REQUEST = 4096;
const INTEGER = 0x02;

function readRequest(request: Uint8Array): { imprint: Buffer; nonce: Buffer } {
  try {
    if (request.length > MAX_REQUEST) throw new Error(`it is larger than ${MAX_REQUEST} bytes`);
    const [, imprint, ...rest] = ASN1Obj.parseBuffer(Buffer.from(request)).subs;
    const der = imprint?.toDER() ?? NULL;
    if (!der.subarray(0, -32).equals(messageImprint(Buffer.alloc(0)).subarray(0, -32)))
      throw new Error('its imprint is not of SHA-256');
    const nonce = rest.map((one) => one.toDER()).find((one) => one[0] === INTEGER);
    return { imprint: der, nonce: nonce ?? integer(randomInteger(NONCE_BYTES)) };
  } catch (cause) {
    throw new SignwrightError('invalid-input', `the timestamp request cannot be answered: ${messageOf(cause)}`, { cause });
  }
}

/** TSTInfo (RFC 3161, 2.4.2). The nonce is there because requests to authorities carry one. */
function timestampInfo(imprint: Buffer, nonce: Buffer, now: Date): Buffer {
  return sequence(VERSION_1, POLICY, imprint, integer(randomInteger(SERIAL_BYTES)), generalizedTime(now), nonce);
}

/** SignerInfo (RFC 5652, 5.3) with the certificate bound by ESSCertIDv2 (RFC 5816), whose default hash is SHA-256. */
function signerTemplate(certificate: Buffer): (content: Buffer, now: Date, key: KeyObject) => Promise<Buffer> {
  const tbs = ASN1Obj.parseBuffer(Buffer.from(certificate)).subs[0]?.subs ?? [];
  const [serialNumber, issuer] = [tbs[1], tbs[3]].map((part) => part?.toDER() ?? NULL) as [Buffer, Buffer];
  const id = sequence(issuer, serialNumber);
  const contentType = attribute(CONTENT_TYPE, TST_INFO);
  const hash = createHash('sha256').update(certificate).digest();
  const signingCertificate = attribute(SIGNING_CERTIFICATE_V2, sequence(sequence(sequence(octetString(hash)))));
  return async (content, now, key) => {
    const digest = createHash('sha256').update(content).digest();
    const attributes = setOf(
      contentType,
      signingCertificate,
      attribute(SIGNING_TIME, time(now)),
      attribute(MESSAGE_DIGEST, octetString(digest)),
    );
    const signature = await signAsync(key, attributes);
    // Hashed as a SET, sent as [0] (RFC 5652, 5.4).
    const sent = Buffer.concat([attributes]);
    sent[0] = 0xa0;
    return sequence(VERSION_1, id, SHA256, sent, ECDSA_WITH_SHA256, octetString(signature));
  };
}

function attribute(type: Buffer, value: Buffer): Buffer {
  return sequence(type, element(0x31, value));
}

function signAsync(key: KeyObject, bytes: Buffer): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    sign('sha256', bytes, key, (error, signature) => (error ? reject(error) : resolve(signature)));
  });
}

/** The root is left out of the answers: who verifies has it, or does not trust it. */
function read({ privateKey, certificateChain }: TimestampKey): { key: KeyObject; certificates: Buffer[] } {
  let key: KeyObject;
  let chain: X509Certificate[];
  try {
    key = createPrivateKey(privateKey);
    const blocks = certificateChain.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
    chain = blocks.map((block) => new X509Certificate(block));
  } catch {
    throw new SignwrightError('configuration', "the timestamp authority's key or certificate cannot be read");
  }
  const [own] = chain;
  if (own === undefined) throw new SignwrightError('configuration', 'the timestamp authority has no certificate');
  if (key.asymmetricKeyDetails?.namedCurve !== 'prime256v1' || !own.checkPrivateKey(key)) {
    throw new SignwrightError('configuration', "the timestamp authority's key is not ECDSA P-256, or not its certificate's");
  }
  return { key, certificates: chain.filter((one) => one === own || one.subject !== one.issuer).map((one) => one.raw) };
}
