import { basicConstraintsOf, type Certificate } from './certificate.ts';
import { type Der, isContext, readDer } from './der.ts';
import { distributionPointsOf, readPointName } from './distribution-points.ts';

/** Which certificates of its issuer a CRL is for (issuingDistributionPoint, RFC 5280, 5.2.5). */
export type CrlScope = {
  readonly only?: 'user certificates' | 'CA certificates' | 'attribute certificates';
  /** Whether it lists those revoked for some reasons alone. */
  readonly someReasons: boolean;
  /** The names of the place it is for, GeneralNames in DER; none where it is for all places. */
  readonly names: readonly Buffer[];
};

const ONLY = { 1: 'user certificates', 2: 'CA certificates', 5: 'attribute certificates' } as const;

/** Reads an issuingDistributionPoint; a CRL without one is for every certificate. Throws an Error for an indirect CRL. */
export function readScope(value: Buffer | undefined): CrlScope {
  if (value === undefined) return { someReasons: false, names: [] };
  const parts = readDer(value).subs;
  const find = (number: number): Der | undefined => parts.find((part) => isContext(part, number));
  if (parts.length !== new Set(parts.map(({ tag }) => tag.number)).size) throw new Error('its scope is malformed');
  if (isTrue(find(4))) throw new Error('it is an indirect CRL: another than their issuer revokes the certificates');
  const only = ([1, 2, 5] as const).filter((number) => isTrue(find(number)));
  if (only.length > 1) throw new Error('it is only for two kinds of certificates, so for none');
  const point = find(0);
  const { names } = readPointName(point);
  if (point && names.length === 0) throw new Error('its place is named relative to its issuer, which is not supported');
  const [kind] = only;
  return { ...(kind === undefined ? {} : { only: ONLY[kind] }), someReasons: find(3) !== undefined, names };
}

/** An implicit BOOLEAN, of which DER writes `true` alone. */
function isTrue(part: Der | undefined): boolean {
  if (part === undefined) return false;
  if (part.tag.constructed || part.value.length !== 1 || part.value[0] !== 0xff) throw new Error('its scope is malformed');
  return true;
}

/**
 * Why a CRL's silence says nothing of a certificate, where it does not (RFC 5280, 6.3.3, b). A certificate that names no place for its
 * CRL is covered by whatever list its issuer makes: the user has named that list then.
 */
export function whyNotCovered({ only, someReasons, names }: CrlScope, certificate: Certificate): string | undefined {
  const { ca } = basicConstraintsOf(certificate);
  if (only !== undefined && only !== (ca ? 'CA certificates' : 'user certificates')) return `it is only for ${only}`;
  if (someReasons) return 'it is only for some reasons of revocation';
  const points = distributionPointsOf(certificate);
  const named = points.flatMap((point) => (point.indirect ? [] : point.names));
  if (names.length > 0 && points.length > 0 && !names.some((name) => named.some((other) => other.equals(name))))
    return 'it is for another place than the certificate names';
  return undefined;
}
