import type { CertificateProfile } from '@signwright/policy';
import { isMember, type PersonRule, parseSshPublicKey, type Sha256, SignwrightError } from '@signwright/signing-core';
import type { SignedRequest } from './asked.ts';

/** How long a signed request, and what others signed of it, counts: milliseconds. */
const LIFE_MS = 24 * 60 * 60 * 1000;
const SKEW_MS = 60_000;

/** A request that was proved as its profile wants: who is to have the certificate, for what key, and the evidence of it. */
export type ProvedRequest = {
  readonly person: PersonRule & { readonly certificate: { readonly issuer: string; readonly subject: string } };
  readonly csr: Uint8Array;
  readonly proofs: readonly Sha256[];
};

/**
 * Decides whether a person's request for a certificate is granted: they signed it themselves, are of the profile's roles now, and show
 * any one of its proofs; nothing is older than a day.
 *
 * @param signed the person's own request, and what others signed over the same key, in any order.
 * @throws SignwrightError `denied` that says what would do, `usage` where the files are about different things.
 */
export function checkProof(profile: CertificateProfile, signed: readonly SignedRequest[], now: number): ProvedRequest {
  const own = ownOf(signed);
  const { asked, by } = own;
  if (asked.profile !== profile.id) throw new TypeError('a request of another profile');
  for (const other of signed) checkSame(own, other);
  for (const one of signed) checkAge(one, now);
  if (!profile.roles.some((role) => isMember(role, by.id, now))) throw notOfRoles(by.id, profile);
  const { certificate } = by;
  if (certificate === undefined) {
    throw new SignwrightError('denied', `the policy does not say what a certificate would call ${by.id}`, {
      where: profile.where,
      next: `add people.${by.id}.certificate: { issuer: …, subject: … }`,
    });
  }
  const person = { ...by, certificate };
  const second = signed.find((one) => one.by.id !== by.id && profile.roles.some((role) => isMember(role, one.by.id, now)));
  if (profile.proof.includes('second-person') && second !== undefined)
    return { person, csr: asked.csr, proofs: [own.evidence, second.evidence] };
  if (profile.proof.includes('user-verification') && isUserVerified(own))
    return { person, csr: asked.csr, proofs: [own.evidence] };
  throw notProved(profile, own, signed);
}

/** The one that whoever is to have the certificate signed. */
function ownOf(signed: readonly SignedRequest[]): SignedRequest {
  const own = signed.find(({ asked, by }) => asked.person === by.id);
  if (own !== undefined) return own;
  const [first] = signed;
  throw new SignwrightError(
    'denied',
    `${first?.asked.person ?? 'nobody'} did not sign the request, and people ask for themselves`,
    {
      where: first?.file ?? 'the request',
      next: 'give their own request too: --request FILE FILE',
    },
  );
}

function checkSame(own: SignedRequest, other: SignedRequest): void {
  const differs =
    Buffer.compare(own.asked.csr, other.asked.csr) !== 0
      ? 'key'
      : own.asked.person !== other.asked.person
        ? 'person'
        : own.asked.profile !== other.asked.profile
          ? 'profile'
          : undefined;
  if (differs === undefined) return;
  throw new SignwrightError('denied', `${other.by.id} signed a request for another ${differs}`, {
    where: other.file,
    next: `have them approve this very request: signwright cert approve ${own.file}`,
  });
}

/** The same signature can be timestamped anew on any day: what its statement says of when counts too. */
function checkAge({ verified, asked, file, by }: SignedRequest, now: number): void {
  const times = [verified.time.at, Date.parse(asked.given)];
  const iso = (at: number): string => new Date(at).toISOString();
  const [oldest, newest] = [Math.min(...times), Math.max(...times)];
  if (newest - SKEW_MS > now)
    throw new SignwrightError('denied', `${by.id} signed it at ${iso(newest)}, which is still to come`, {
      where: file,
      next: "check this machine's clock",
    });
  if (now - oldest <= LIFE_MS) return;
  throw new SignwrightError('denied', `${by.id} signed it at ${iso(oldest)}, more than a day ago`, {
    where: file,
    next: 'ask anew: signwright cert request',
  });
}

/** A security key's signature holds only where it checked who was at it, by PIN or fingerprint. */
export function isUserVerified({ verified: { author }, by }: Pick<SignedRequest, 'verified' | 'by'>): boolean {
  if (author.type !== 'ssh') return false;
  const key = by.keys.find(({ fingerprint }) => fingerprint === author.fingerprint);
  return key !== undefined && parseSshPublicKey(key.publicKey).application !== undefined;
}

function notOfRoles(person: string, { roles, where, id }: CertificateProfile): SignwrightError {
  const names = roles.map((role) => role.id).join(', ');
  return new SignwrightError('denied', `${person} is of none of the roles of the profile ${id} (${names}) now`, {
    where,
    next: 'somebody of these roles may ask, for themselves',
  });
}

function notProved(profile: CertificateProfile, { by, file }: SignedRequest, signed: readonly SignedRequest[]): SignwrightError {
  const others = signed.filter((one) => one.by.id !== by.id).map((one) => one.by.id);
  const names = profile.roles.map((role) => role.id).join(' or ');
  const found = [
    ...(profile.proof.includes('user-verification') ? ['it is not signed by a security key that checked who was at it'] : []),
    ...(profile.proof.includes('second-person')
      ? [
          others.length > 0
            ? `${others.join(', ')}, who signed it too, is not of ${names}`
            : signed.length > 1
              ? `only ${by.id} signed it, if more than once`
              : `nobody else of ${names} has signed it`,
        ]
      : []),
  ];
  const would = [
    ...(profile.proof.includes('user-verification')
      ? ['sign it with a security key (ssh-keygen -t ed25519-sk -O verify-required)']
      : []),
    ...(profile.proof.includes('second-person')
      ? [`have somebody else of ${names} sign it: signwright cert approve ${file}`]
      : []),
  ];
  return new SignwrightError('denied', `the request of ${by.id} is not proved: ${found.join('; ')}`, {
    where: profile.where,
    next: would.join(', or '),
  });
}
