import type { CertificateEvent, WantedCertificate } from '@signwright/certificates';
import type { CertificateProfile } from '@signwright/policy';
import { keyIdOf, parseCertificate, type Sha256, SignwrightError, sha256 } from '@signwright/signing-core';
import type { OpenPolicy } from '../context/open-policy.ts';
import { issuerOf } from '../context/signers/open-certificate.ts';
import type { PassphraseOptions } from '../context/signers/passphrase.ts';
import { checkIssued, type Expected } from './check-issued.ts';
import { openAuthority } from './open-authority.ts';
import { checkInventoryLasts, type OpenInventory } from './open-inventory.ts';
import { type CertificateRecords, endOf, type ToRecord } from './record-certificates.ts';

/** A certificate that somebody was found to have a right to. */
export type ToIssue = {
  readonly profile: CertificateProfile;
  /** PKCS#10, DER. */
  readonly csr: Uint8Array;
  /** Whom it is for, as the certificate says it and as the policy does. */
  readonly expected: Expected;
  readonly requester: string;
  readonly person?: string;
  /** The URL of the CI job that asked. */
  readonly job?: string;
  readonly proofs?: readonly Sha256[];
  readonly renews?: Sha256;
  readonly keyReference?: string;
  /** What another's CA is shown. */
  readonly idToken?: string;
};

/** What issuing rests on. */
export type Desk = PassphraseOptions & {
  readonly open: OpenPolicy;
  readonly inventory: OpenInventory;
  readonly records: CertificateRecords;
  readonly signal: AbortSignal;
};

/** A certificate that was issued: in DER, leaf first. */
export type Issued = { readonly chain: readonly Uint8Array[]; readonly serial: string; readonly digest: Sha256 };

/**
 * Has the authority of a profile issue a certificate: recorded before → issued → held against the profile → in the inventory → recorded.
 *
 * @throws SignwrightError as the authority does; `verification` where what came is not what the profile lets be.
 */
export async function issueCertificate(wanted: ToIssue, desk: Desk): Promise<Issued> {
  const { records } = desk;
  if (wanted.profile.authority.type === 'own') checkInventoryLasts(desk.open, desk.inventory);
  const subject = sha256(wanted.csr);
  const about = aboutOf(wanted);
  await records.write(subject, [{ ...about, said: 'issue' }]);
  try {
    const issued = wanted.profile.authority.type === 'own' ? await issueOurs(wanted, desk) : await issueElsewhere(wanted, desk);
    const { serial, digest } = issued;
    const key = keyIdOf(parseCertificate(issued.chain[0] as Uint8Array).publicKey);
    await records.write(subject, [{ ...about, said: 'issued', serial, digest, key }]);
    return issued;
  } catch (error) {
    // Where even that cannot be recorded, it is told with what led to it.
    await records.write(subject, [{ ...about, ...endOf(error) }]).catch(() => undefined);
    throw error;
  }
}

/** What the records of a certificate have in common. */
export function aboutOf({ profile, expected, person, proofs, job }: Omit<ToIssue, 'csr' | 'requester'>): Omit<ToRecord, 'said'> {
  return {
    authority: profile.authority.id,
    profile: profile.id,
    ...(expected.san === undefined ? {} : { subject: expected.san.value }),
    ...(person === undefined ? {} : { person }),
    ...(proofs === undefined ? {} : { evidence: proofs }),
    ...(job === undefined ? {} : { job }),
  };
}

async function issueOurs(wanted: ToIssue, { open, inventory, signal, ...options }: Desk): Promise<Issued> {
  const { profile, csr, expected } = wanted;
  if (profile.authority.type !== 'own' || expected.san === undefined) throw new TypeError('a CA that is not ours');
  const certificates = await import('@signwright/certificates');
  const ca = await openAuthority(open, profile.authority, options, signal);
  refuseNotAsserted(open, ca.certificate.fingerprint, expected.issuer, profile);
  const request: WantedCertificate = {
    csr,
    profile: profile.id,
    validity: profile.validity,
    keys: profile.keys,
    san: expected.san,
    issuer: expected.issuer,
    claims: expected.claims,
    ...(profile.environments === undefined ? {} : { environments: profile.environments }),
    owner: profile.owner,
    purpose: profile.purpose,
    ...askedBy(wanted),
  };
  const { der, chain, serial, digest } = await certificates.issueCertificate(ca, inventory, request, new Date());
  return { chain: [der, ...chain], serial, digest };
}

/** What the trust root does not let the CA assert would count nowhere. */
function refuseNotAsserted(
  { trustRoot }: OpenPolicy,
  fingerprint: string,
  issuer: string,
  { authority }: CertificateProfile,
): void {
  const trusted = trustRoot?.certificateAuthorities.find(({ chain }) => chain[0].fingerprint === fingerprint);
  if (trusted?.issuers?.includes(issuer)) return;
  throw new SignwrightError(
    'configuration',
    `the trust root does not let the authority ${authority.id} assert the issuer ${issuer}`,
    {
      where: authority.where,
      next: 'add the issuer to the issuers of that CA, in the file beside the trust root',
    },
  );
}

async function issueElsewhere(wanted: ToIssue, { open, inventory, signal }: Desk): Promise<Issued> {
  const { profile, csr, expected, idToken } = wanted;
  const { authority } = profile;
  if (authority.type === 'own') throw new TypeError('a CA that is ours');
  if (idToken === undefined) {
    throw new SignwrightError('usage', `the authority ${authority.id} wants an ID token of whoever is to have the certificate`, {
      where: authority.where,
      next: 'give it: --id-token-file FILE',
    });
  }
  const at = new Date();
  const issuer = await issuerOf(open, authority, signal, profile.validity);
  const chain = await issuer.issue(csr, idToken);
  const { change, derKey, readFacts } = await import('@signwright/certificates');
  const leaf = parseCertificate(chain[0] ?? Buffer.alloc(0), 'the new certificate');
  const event: CertificateEvent = {
    type: 'known',
    at: at.toISOString(),
    found: 'issuer',
    place: authority.url,
    ...readFacts(leaf.der, 'the new certificate'),
    authority: authority.id,
    profile: profile.id,
    owner: profile.owner,
    purpose: profile.purpose,
    ...askedBy(wanted),
  };
  await inventory.blobs.putIfAbsent(derKey(leaf.der), leaf.der);
  await change(inventory.journal, () => ({ events: [event] }));
  // It is in the inventory by now: what should not be there is to be known most of all.
  await checkIssued(leaf, { open, profile, expected, csr, at: at.getTime() });
  return { chain, serial: event.facts.serial, digest: event.facts.digest };
}

function askedBy({ requester, job, proofs, renews, keyReference }: ToIssue) {
  return {
    requester,
    ...(job === undefined ? {} : { job }),
    ...(proofs === undefined ? {} : { proofs }),
    ...(renews === undefined ? {} : { renews }),
    ...(keyReference === undefined ? {} : { keyReference }),
  };
}
