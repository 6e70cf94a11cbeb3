import { messageOf, SignwrightError } from '../error.ts';
import { type Certificate, OID } from './certificate.ts';
import { child, readDer, readGeneralName } from './der.ts';
import { distributionPointsOf } from './distribution-points.ts';

const OCSP = '1.3.6.1.5.5.7.48.1';

/** Where a certificate says that its revocation can be asked for: http and https addresses alone, each once. */
export type RevocationPlaces = { readonly crls: readonly string[]; readonly ocsp: readonly string[] };

/**
 * The CRLs (CRL distribution points, RFC 5280, 4.2.1.13) and OCSP responders (authority information access, 4.2.2.1) a certificate
 * names. Whoever made the certificate chose them: bound where a request may go.
 *
 * @throws SignwrightError `invalid-input` where the certificate's extension is malformed.
 */
export function revocationPlaces(certificate: Certificate): RevocationPlaces {
  try {
    const crls = distributionPointsOf(certificate).flatMap(({ uris, indirect }) => (indirect ? [] : uris));
    return { crls: addresses(crls), ocsp: addresses(respondersOf(certificate)) };
  } catch (cause) {
    throw new SignwrightError('invalid-input', `the certificate names no usable place for its revocation: ${messageOf(cause)}`, {
      cause,
    });
  }
}

function respondersOf(certificate: Certificate): string[] {
  const extension = certificate.extensions.get(OID.authorityInformationAccess);
  return (extension ? readDer(extension.value).subs : []).flatMap((access) => {
    const location = readGeneralName(child(access, 1));
    return child(access, 0).toOID() === OCSP && location.type === 'uri' ? [location.value] : [];
  });
}

function addresses(uris: readonly string[]): string[] {
  return [...new Set(uris)].filter((uri) => {
    const url = URL.canParse(uri) ? new URL(uri) : undefined;
    return (url?.protocol === 'http:' || url?.protocol === 'https:') && url.username === '' && url.password === '';
  });
}
