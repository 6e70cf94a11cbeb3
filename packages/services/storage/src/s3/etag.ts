import { SignwrightError, type Version } from '@signwright/signing-core';
import type { Call } from './call.ts';

/** A strong validator (RFC 9110, 8.8.3): a weak one may stand for several states. */
const ETAG = /^"[\x21\x23-\x7e]{1,200}"$/;

export function isEtag(version: Version): boolean {
  return ETAG.test(version);
}

/** What an answer says of the state of an object. Throws `configuration` where nothing can be compared to it. */
export function etagOf(call: Call, told: string | undefined): string {
  if (told !== undefined && isEtag(told)) return told;
  throw new SignwrightError('configuration', `the server of ${call.where} does not tell its ETag, or a weak one`, {
    where: call.where,
    next: 'reach the server without a proxy that changes what it says, or use one with conditional writes',
  });
}
