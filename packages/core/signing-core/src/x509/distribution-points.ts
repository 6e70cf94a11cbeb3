import { type Certificate, OID } from './certificate.ts';
import { bytesOf, child, type Der, isContext, readDer, readGeneralName } from './der.ts';

/** Where a CRL for a certificate is (RFC 5280, 4.2.1.13). */
export type DistributionPoint = {
  /** Its names, each a GeneralName in DER. */
  readonly names: readonly Buffer[];
  /** Those that are URIs. */
  readonly uris: readonly string[];
  /** Whether another than the certificate's issuer makes that CRL. */
  readonly indirect: boolean;
};

/** The distribution points a certificate names. Throws an Error for a malformed extension. */
export function distributionPointsOf(certificate: Certificate): DistributionPoint[] {
  const extension = certificate.extensions.get(OID.crlDistributionPoints);
  return (extension ? readDer(extension.value).subs : []).map((point) => {
    const name = point.subs.find((part) => isContext(part, 0));
    return { ...readPointName(name), indirect: point.subs.some((part) => isContext(part, 2)) };
  });
}

/** The names of a DistributionPointName; none where there is none, or where it is relative to the issuer's. */
export function readPointName(name: Der | undefined): Pick<DistributionPoint, 'names' | 'uris'> {
  const choice = name && child(name, 0);
  const full = choice && isContext(choice, 0) ? choice.subs : [];
  const uris = full.map(readGeneralName).flatMap((one) => (one.type === 'uri' ? [one.value] : []));
  return { names: full.map(bytesOf), uris };
}
