import { SignwrightError } from '../error.ts';
import { quoted } from '../formats/quoted.ts';
import type { TrustRoot } from '../trust-root.ts';
import { differenceOf, type TrustRootEdition } from './edition.ts';
import type { SignedTrustRoot } from './load-signed.ts';
import type { TrustRootOwners } from './owners.ts';
import { checkThreshold, signedBy } from './signed-by.ts';

/** The trust root an update starts from. */
export type TrustRootInUse = {
  /** What every edition of it is called. */
  readonly name: string;
  readonly root: TrustRoot;
  readonly owners: TrustRootOwners;
  /** The edition it is, where it was ever signed. */
  readonly edition?: TrustRootEdition;
};

/**
 * Decides whether a trust root may take the place of the one in use, as The Update Framework has it (specification, 5.3), but that
 * versions may be left out: as many owners of the one in use as must have signed it, traced to the one in use; its version is
 * higher, and it has not expired. That the one in use has expired hinders nothing.
 *
 * @returns `current` where it is the one in use.
 * @throws SignwrightError `verification` where it may not.
 */
export async function checkUpdate(inUse: TrustRootInUse, next: SignedTrustRoot, now: Date): Promise<'newer' | 'current'> {
  const { edition } = next;
  if (edition.name !== inUse.name)
    throw refused(
      `it is the trust root ${quoted(edition.name)}, and the one in use is ${quoted(inUse.name)}`,
      'name the place of that one',
    );
  const signed = inUse.edition;
  if (signed !== undefined && edition.version < signed.version)
    throw refused(
      `it is version ${edition.version}, and ${signed.version} is in use: an older edition is passed off as current`,
      'get the newest edition; if what an old one said is to come back, sign it anew with a higher version',
    );
  if (signed?.version === edition.version) {
    const differs = differenceOf(signed, edition);
    if (differs === undefined) return 'current';
    throw refused(
      `there are two editions with the version ${edition.version}: their ${differs} differs`,
      'find out who signed the other; give each edition a higher version than the one before',
    );
  }
  checkThreshold(
    await signedBy(next.signatures, edition, inUse.owners, inUse.root),
    inUse.owners,
    'the owners of the trust root in use',
  );
  if (edition.expires <= now.getTime())
    throw refused(`it expired ${new Date(edition.expires).toISOString()}`, 'get a newer edition from its owners');
  return 'newer';
}

function refused(why: string, next: string): SignwrightError {
  return new SignwrightError('verification', `the trust root does not take the place of the one in use: ${why}`, { next });
}
