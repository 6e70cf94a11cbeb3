import { authorName } from '../author-name.ts';
import { parseBundle } from '../bundle.ts';
import { SignwrightError } from '../error.ts';
import { keyIdOf, readPublicKey } from '../keys.ts';
import { type Who, whoText } from '../match-who.ts';
import { Refused } from '../refused.ts';
import type { TrustRoot } from '../trust-root.ts';
import { type StatementTrust, verifyStatement } from '../verify-statement.ts';
import { differenceOf, readEdition, SIGNATURE, TRUST_ROOT_STATEMENT, type TrustRootEdition } from './edition.ts';
import { ownerOf, type TrustRootOwners } from './owners.ts';

/** Which owners have signed an edition, each once, and why other signatures do not count. */
export type SignedBy = {
  readonly owners: readonly Who[];
  readonly refused: readonly string[];
  /** Whether one of them rests on a trial root. */
  readonly development: boolean;
};

/** Finds the owners who signed exactly this edition. Certificates are traced to `root`; a pinned key needs none. */
export async function signedBy(
  signatures: readonly Uint8Array[],
  edition: TrustRootEdition,
  { owners }: TrustRootOwners,
  root: TrustRoot,
): Promise<SignedBy> {
  const found = new Set<Who>();
  const refused: string[] = [];
  let development = false;
  for (const bytes of signatures) {
    try {
      const trust = trustFor(bytes, owners, root);
      const { author, statement, development: trial } = await verifyStatement(bytes, TRUST_ROOT_STATEMENT, SIGNATURE, trust);
      const differs = differenceOf(readEdition(statement), edition);
      if (differs !== undefined) throw new Refused('wrong-subject', `it signs another edition: its ${differs} differs`);
      const owner = ownerOf(author, owners);
      if (owner === undefined) throw new Refused('identity-mismatch', `${authorName(author)} is none of the owners`);
      found.add(owner);
      development ||= trial;
    } catch (error) {
      if (!(error instanceof SignwrightError)) throw error;
      refused.push(error.message);
    }
  }
  return { owners: [...found], refused, development };
}

function trustFor(bytes: Uint8Array, owners: readonly Who[], root: TrustRoot): StatementTrust {
  if (parseBundle(bytes, SIGNATURE).key.type === 'certificate') return { root, keyFor: () => undefined };
  const keys = owners.flatMap((owner) => ('publicKey' in owner ? [readPublicKey(owner.publicKey, 'publicKey')] : []));
  return { keyFor: (hint) => keys.find((key) => keyIdOf(key) === hint) };
}

/**
 * @param whose the owners are, for the message: "the owners of the trust root in use".
 * @throws SignwrightError `verification` where too few of them have signed.
 */
export function checkThreshold(by: SignedBy, { owners, threshold }: TrustRootOwners, whose: string): void {
  if (by.owners.length >= threshold) return;
  const missing = owners.filter((owner) => !by.owners.includes(owner)).map(whoText);
  const refused = by.refused.length === 0 ? '' : `; not counted: ${by.refused.join('; ')}`;
  throw new SignwrightError(
    'verification',
    `${by.owners.length} of ${whose} ${by.owners.length === 1 ? 'has' : 'have'} signed it, and ${threshold} must${refused}`,
    { next: `have it signed by ${missing.join(' or ')}: signwright trust sign` },
  );
}
