import { SignwrightError } from '@signwright/signing-core';
import { ASN1Obj } from '@sigstore/core/dist/asn1/index.js';

const GRANTED = new Set([0n, 1n]);
const STATUS = ['granted', 'granted with modifications', 'rejected', 'waiting', 'revocation warning', 'revoked'];
/** PKIFailureInfo's bits by number (RFC 3161, 2.4.2). */
const FAILURES: { readonly [bit: number]: string } = {
  0: 'it does not know the hash algorithm',
  2: 'it does not support the request',
  5: 'it could not read the request',
  14: 'its time source is not available',
  15: 'it does not support the policy',
  16: 'it does not support an extension',
  17: 'it cannot give additional information',
  25: 'it failed',
};
const MAX_TEXT = 200;
const BIT_STRING = 3;

/** @throws SignwrightError `verification` unless the TimeStampResp says granted, with the authority's own words for why. */
export function checkStatus(response: Uint8Array): void {
  const { status, failure, text } = read(response);
  if (GRANTED.has(status)) return;
  const why = [failure, text].filter(Boolean).join(', ');
  throw new SignwrightError(
    'verification',
    `the authority refused: ${STATUS[Number(status)] ?? `status ${status}`}${why && ` (${why})`}`,
  );
}

function read(response: Uint8Array): { status: bigint; failure: string; text: string } {
  try {
    const info = ASN1Obj.parseBuffer(Buffer.from(response)).subs[0];
    const status = info?.subs[0]?.toInteger();
    if (info === undefined || status === undefined) throw new Error('no status');
    const texts = info.subs.slice(1).find((part) => part.subs.length > 0)?.subs ?? [];
    const bits = info.subs.find((part) => part.tag.class === 0 && part.tag.number === BIT_STRING)?.toBitString() ?? [];
    const failures = bits.flatMap((bit, number) => (bit === 1 ? [FAILURES[number] ?? `failure ${number}`] : []));
    const text = texts.map((one) => one.value.toString('utf8')).join(' ');
    return { status, failure: failures.join(', '), text: text.replace(/[^\x20-\x7e]/g, '?').slice(0, MAX_TEXT) };
  } catch (cause) {
    throw new SignwrightError('verification', 'the answer is not a TimeStampResp', { cause });
  }
}
