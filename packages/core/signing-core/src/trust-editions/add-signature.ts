import { SignwrightError } from '../error.ts';
import { quoted } from '../formats/quoted.ts';
import type { Signing } from '../sign.ts';
import type { Author } from '../verify-bundle.ts';
import { type EvidenceTrust, keyFinder } from '../verify-evidence.ts';
import { verifyStatement } from '../verify-statement.ts';
import {
  claimedEdition,
  differenceOf,
  SIGNATURE,
  signTrustRoot,
  TRUST_ROOT_STATEMENT,
  type TrustRootEdition,
} from './edition.ts';
import { MAX_SIGNATURES } from './file-names.ts';
import type { TrustRootFiles } from './load-signed.ts';
import { ownerId } from './owners.ts';

/** All signatures of an edition with the one that was added, at `at`. */
export type AddedSignature = { readonly signatures: readonly Uint8Array[]; readonly at: number; readonly author: Author };

/**
 * Signs an edition of a trust root beside those who have signed it already. Whoever signs again takes the place of their own
 * signature; those of older editions are left out.
 *
 * @throws SignwrightError `configuration` where the files beside it are of an edition this one may not follow; as {@link signTrustRoot}.
 */
export async function addOwnerSignature(
  found: TrustRootFiles,
  edition: TrustRootEdition,
  signing: Signing,
): Promise<AddedSignature> {
  const before = signaturesOf(found, edition);
  const bytes = await signTrustRoot(edition, signing);
  const author = await authorOf(bytes, signing.trust);
  const authors = await Promise.all(before.map((one) => authorOf(one, signing.trust).then(ownerId, () => undefined)));
  const again = authors.indexOf(ownerId(author));
  const signatures = again < 0 ? [...before, bytes] : before.with(again, bytes);
  if (signatures.length > MAX_SIGNATURES)
    throw new SignwrightError('configuration', `it has ${MAX_SIGNATURES} signatures, and no more are read`, {
      where: found.path,
    });
  return { signatures, at: again < 0 ? before.length : again, author };
}

function signaturesOf({ path, signatures }: TrustRootFiles, edition: TrustRootEdition): readonly Uint8Array[] {
  const [first] = signatures;
  if (first === undefined) return [];
  const signed = claimedEdition(first);
  const differs = differenceOf(signed, edition);
  if (differs === undefined) return signatures.filter((one) => differenceOf(claimedEdition(one), edition) === undefined);
  if (differs === 'name')
    throw new SignwrightError('configuration', `it is the trust root ${quoted(signed.name)}, and keeps its name`, {
      where: path,
    });
  if (signed.version < edition.version) return [];
  throw new SignwrightError('configuration', `version ${signed.version} of it is signed already, and its ${differs} differs`, {
    where: path,
    next: `sign it as version ${signed.version + 1}; to sign that edition too, give its version and its end (${new Date(signed.expires).toISOString()})`,
  });
}

async function authorOf(bytes: Uint8Array, { root, keys }: EvidenceTrust): Promise<Author> {
  const trust = { ...(root ? { root } : {}), keyFor: keyFinder(keys) };
  return (await verifyStatement(bytes, TRUST_ROOT_STATEMENT, SIGNATURE, trust)).author;
}
