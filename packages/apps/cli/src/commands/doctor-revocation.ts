import { type Certificate, revocationPlaces, SignwrightError, type TrustRoot } from '@signwright/signing-core';
import type { OpenPolicy } from '../context/open-policy.ts';
import { crlPlace, openRevocation } from '../context/open-revocation.ts';
import type { Check } from './doctor-signers.ts';

/** Whoever tells of revocation, each by itself: the CRLs the policy gives, and whom the certificates of the trust root name. */
export function revocationChecks(open: OpenPolicy): Check[] {
  const rule = open.policy.trust?.revocation;
  if (rule === undefined || rule.mode === 'off') return [];
  const asked =
    open.trustRoot === undefined ? [] : linksOf(open.trustRoot).filter(({ certificate }) => namesSomebody(certificate));
  return [
    ...[...new Set([...rule.crls, ...ownCrls(open)])].map((place) => ({ what: `CRL ${place}`, run: () => crl(open, place) })),
    ...asked.map((link) => ({ what: `revocation of ${link.certificate.subjectText}`, run: () => certificate(open, link) })),
  ];
}

/** Where the CRLs of our own CAs are to lie: what they issue names these. */
function ownCrls({ policy }: OpenPolicy): string[] {
  const authorities = [...(policy.certificates?.authorities.values() ?? [])];
  return authorities.flatMap((authority) => (authority.type === 'own' ? (authority.crl ?? []) : []));
}

type Link = { readonly certificate: Certificate; readonly issuer: Certificate };

function linksOf({ certificateAuthorities, timestampAuthorities }: TrustRoot): readonly Link[] {
  const links = [...certificateAuthorities, ...timestampAuthorities].flatMap(({ chain }) =>
    chain.slice(0, -1).map((certificate, at) => ({ certificate, issuer: chain[at + 1] as Certificate })),
  );
  return [...new Map(links.map((link) => [link.certificate.fingerprint, link])).values()];
}

function namesSomebody(certificate: Certificate): boolean {
  const { crls, ocsp } = revocationPlaces(certificate);
  return crls.length + ocsp.length > 0;
}

async function crl(open: OpenPolicy, place: string): Promise<string> {
  const source = await openRevocation(open);
  const found = await source?.crl(crlPlace(open, place), Date.now());
  const next = 'check the place, and that whoever makes the CRL makes it anew in time';
  if (found?.signed === undefined) throw new SignwrightError('unreachable', found?.why ?? 'nobody asks', { next });
  const { issuer, crl } = found.signed;
  const due = new Date(crl.nextUpdate).toISOString();
  if (crl.nextUpdate < Date.now())
    throw new SignwrightError(
      'configuration',
      `it is stale: its next update was due ${due}${found.why === undefined ? '' : `; ${found.why}`}`,
      {
        next,
      },
    );
  return `by ${issuer.subjectText}, ${crl.size} revoked, next due ${due}`;
}

async function certificate(open: OpenPolicy, { certificate: of, issuer }: Link): Promise<string> {
  const status = await (await openRevocation(open))?.status(of, issuer, Date.now());
  if (status?.status === 'good') return `not revoked, says ${status.by} of ${new Date(status.asOf).toISOString()}`;
  if (status?.status === 'revoked')
    throw new SignwrightError(
      'verification',
      `it was revoked at ${new Date(status.revokedAt).toISOString()} (${status.reason}), says ${status.by}`,
      {
        next: 'take it out of the trust root, or end its time there (validFor.end)',
      },
    );
  throw new SignwrightError('unreachable', status?.why ?? 'nobody asks', {
    next: 'see that whoever answers for it can be reached; until then what rests on it is inconclusive where mode is require',
  });
}
