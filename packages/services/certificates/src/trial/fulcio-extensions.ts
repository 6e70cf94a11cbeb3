import { derWriter } from '@signwright/signing-core';
import { subjectOf, type TrialClaims } from './claims.ts';
import { TRIAL_ISSUER } from './names.ts';

const { utf8String } = derWriter;

const FULCIO = '1.3.6.1.4.1.57264.1.';

/** Fulcio's certificate extensions (its `docs/oid-info.md`) and the claim each carries. */
const EXTENSIONS: readonly (readonly [oid: string, value: (claims: TrialClaims) => string | undefined])[] = [
  [`${FULCIO}8`, () => TRIAL_ISSUER],
  [`${FULCIO}11`, (claims) => claims.runner_environment],
  [`${FULCIO}12`, (claims) => claims.repository],
  [`${FULCIO}13`, (claims) => claims.sha],
  [`${FULCIO}14`, (claims) => claims.ref],
  [`${FULCIO}15`, (claims) => claims.repository_id],
  [`${FULCIO}20`, (claims) => claims.trigger],
  [`${FULCIO}23`, (claims) => claims.environment],
  [`${FULCIO}24`, subjectOf],
];

/** The extensions of a leaf for these claims: OID and DER UTF8String. Absent claims have none. */
export function fulcioExtensions(claims: TrialClaims): { oid: string; value: Buffer }[] {
  return EXTENSIONS.flatMap(([oid, value]) => {
    const text = value(claims);
    return text === undefined ? [] : [{ oid, value: utf8String(text) }];
  });
}
