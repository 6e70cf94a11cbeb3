import { type InventoryEntry, inventoryOf } from '@signwright/certificates';
import { readBounded } from '@signwright/files';
import { keyIdOf, parseBundle, parseCertificateRequest, SignwrightError, sha256 } from '@signwright/signing-core';
import { evidencePlace, openEvidence } from '../context/open-evidence.ts';
import { readSignedRequest, type SignedRequest } from './asked.ts';
import type { Expected } from './check-issued.ts';
import { checkProof } from './check-proof.ts';
import { profileNamed } from './definitions.ts';
import { aboutOf, type Issued, issueCertificate } from './issue-certificate.ts';
import type { OpenDesk } from './open-desk.ts';
import { endOf } from './record-certificates.ts';

/** A certificate that was issued to a person, by the policy's name of them. */
export type IssuedToPerson = { readonly issued: Issued & { readonly profile: string }; readonly person: string };

const MAX_TOKEN = 65_536;

/**
 * Issues a certificate to a person, by the request they signed and what others signed of it: verified → proved → kept as evidence →
 * issued.
 *
 * @throws SignwrightError `denied` that says what would do, and as whoever issues.
 */
export async function issueToPerson(
  files: readonly string[],
  { idTokenFile, evidence }: { readonly idTokenFile?: string; readonly evidence?: string },
  desk: OpenDesk,
): Promise<IssuedToPerson> {
  const { open } = desk;
  const signed: SignedRequest[] = [];
  for (const file of files) signed.push(await readSignedRequest(open, file));
  const [first] = signed;
  if (first === undefined) throw new TypeError('a request of no files');
  const profile = profileNamed(open, first.asked.profile);
  const subject = sha256(first.asked.csr);
  try {
    await refuseUsed(signed, desk);
    const { person, csr, proofs } = checkProof(profile, signed, Date.now());
    const store = await openEvidence(evidencePlace(open, evidence), open);
    await store.putAll(signed.map(({ bytes }) => ({ evidence: bytes, subjects: [subject] })));
    const { issuer, subject: name } = person.certificate;
    const expected: Expected = { issuer, claims: {}, san: { type: nameType(name), value: name }, of: { person } };
    const token = idTokenFile === undefined ? {} : { idToken: await readToken(idTokenFile) };
    const wanted = { profile, csr, expected, requester: person.id, person: person.id, proofs, ...token };
    return { issued: { ...(await issueCertificate(wanted, desk)), profile: profile.id }, person: person.id };
  } catch (error) {
    if (error instanceof SignwrightError && error.code === 'denied') {
      const about = aboutOf({ profile, expected: {} as Expected, proofs: signed.map((one) => one.evidence) });
      await desk.records.write(subject, [{ ...about, person: first.by.id, ...endOf(error) }]);
    }
    throw error;
  }
}

/** A request is granted once, and none that a revoked certificate signed. */
async function refuseUsed(signed: readonly SignedRequest[], { inventory }: OpenDesk): Promise<void> {
  const { entries, byDigest } = inventoryOf((await inventory.journal.read()).events);
  const before = entries.find((entry) => signed.some((one) => isGranted(one, entry)));
  if (before !== undefined) {
    throw new SignwrightError('denied', `this request was granted already: ${before.serial}, until ${before.notAfter}`, {
      where: signed[0]?.file ?? 'the request',
      next: 'ask anew: signwright cert request',
    });
  }
  for (const { bytes, by, file } of signed) {
    const { key } = parseBundle(bytes);
    const revoked = key.type === 'certificate' ? byDigest(sha256(key.der))?.revoked : undefined;
    if (revoked !== undefined)
      throw new SignwrightError('denied', `the certificate that ${by.id} signed with was revoked at ${revoked.at}`, {
        where: file,
        next: 'sign with another',
      });
  }
}

/**
 * Whether a certificate was issued by this very file, or for its key after it was signed: anybody may write the file another way, or
 * have the same signature timestamped again.
 */
function isGranted({ evidence, asked }: SignedRequest, { digest, proofs, key, since }: InventoryEntry): boolean {
  if (digest === undefined || proofs === undefined) return false;
  if (proofs.includes(evidence)) return true;
  return key === keyIdOf(parseCertificateRequest(asked.csr).publicKey) && Date.parse(asked.given) <= Date.parse(since);
}

function nameType(name: string): 'uri' | 'email' {
  return name.includes('@') && !name.includes('://') ? 'email' : 'uri';
}

async function readToken(path: string): Promise<string> {
  return (await readBounded(path, MAX_TOKEN, 'the ID token')).toString('utf8').trim();
}
