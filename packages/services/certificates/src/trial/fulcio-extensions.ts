import { subjectOf, type TrialClaims } from './claims.ts';
import { TRIAL_ISSUER } from './names.ts';

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

/** DER; claims are short, so two bytes of length suffice. */
function utf8String(text: string): Buffer {
  const bytes = Buffer.from(text, 'utf8');
  const { length } = bytes;
  const head = length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.of(0x0c, ...head), bytes]);
}
