import { type JsonObject, parseStrictJson, SignwrightError } from '@signwright/signing-core';

/** A token's parts, before anything of it is believed. */
export type ReadToken = { readonly header: JsonObject; readonly claims: JsonObject };

/** In characters. */
const MAX_TOKEN = 16 * 1024;
const FORM = /^([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]*)$/;

/**
 * Takes a compact JWT (RFC 7519) apart, strictly: what two readers could read differently is refused.
 *
 * @throws SignwrightError `invalid-input`; what it holds is not repeated.
 */
export function readToken(token: string): ReadToken {
  if (token.length > MAX_TOKEN) throw unfit(`is longer than ${MAX_TOKEN} characters`);
  const [, header, claims] = FORM.exec(token) ?? [];
  if (header === undefined || claims === undefined) throw unfit('is not three parts of base64url with dots between');
  return { header: objectIn(header, 'header'), claims: objectIn(claims, 'payload') };
}

function objectIn(part: string, what: string): JsonObject {
  const bytes = Buffer.from(part, 'base64url');
  if (bytes.toString('base64url') !== part) throw unfit(`has a ${what} that is not base64url`);
  const value = parseStrictJson(bytes, { what: `the ID token's ${what}`, maxBytes: MAX_TOKEN, maxDepth: 16 });
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as JsonObject;
  throw unfit(`has a ${what} that is no object`);
}

function unfit(why: string): SignwrightError {
  return new SignwrightError('invalid-input', `the ID token ${why}`, {
    next: 'check that what is given as the ID token is one, whole and alone',
  });
}
