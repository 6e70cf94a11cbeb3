import {
  type Certificate,
  type Crl,
  messageOf,
  parseCrl,
  type RevocationSource,
  type RevocationStatus,
  revocationPlaces,
  statusByCrl,
} from '@signwright/signing-core';

/**
 * Knows of revocation what CRLs say that were kept with what was signed, and asks nobody. Each speaks as of when it was made: a list
 * that was current when something was signed, or later, tells of it. The instant that is asked about is when it was signed.
 *
 * @param issuers the CAs of the trust root, and of vendors'.
 */
export function archivedSource(kept: readonly Uint8Array[], issuers: readonly Certificate[]): RevocationSource {
  const crls = kept.flatMap(readable).filter((crl) => issuers.some((issuer) => crl.isSignedBy(issuer)));
  crls.sort((a, b) => b.thisUpdate - a.thisUpdate);
  return {
    async status(certificate, issuer, at) {
      const own = crls.filter((crl) => crl.isSignedBy(issuer));
      if (own.length === 0) return none(certificate);
      const answers = own.map((crl): RevocationStatus => {
        const by = `the archived CRL of ${issuer.subjectText}`;
        return statusByCrl(crl, certificate, issuer, { at: Math.max(at, crl.thisUpdate), by });
      });
      const find = (status: RevocationStatus['status']): RevocationStatus | undefined =>
        answers.find((one) => one.status === status);
      return find('revoked') ?? find('good') ?? (answers[0] as RevocationStatus);
    },
  };
}

function readable(bytes: Uint8Array): Crl[] {
  try {
    return [parseCrl(bytes)];
  } catch {
    return [];
  }
}

function none(certificate: Certificate): RevocationStatus {
  try {
    const { crls, ocsp } = revocationPlaces(certificate);
    const nobody = crls.length + ocsp.length === 0 ? ({ nobody: true } as const) : {};
    return { status: 'unknown', why: 'no CRL of its issuer is kept with the evidence', ...nobody };
  } catch (error) {
    return { status: 'unknown', why: messageOf(error) };
  }
}
