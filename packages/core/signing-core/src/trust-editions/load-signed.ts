import { canonicalDigest, type Sha256 } from '../formats/digest.ts';
import { type Json, parseStrictJson } from '../formats/strict-json.ts';
import { Refused } from '../refused.ts';
import { parseTrustRoot, type TrustRoot } from '../trust-root.ts';
import { claimedEdition, type TrustRootEdition } from './edition.ts';
import { issuersPathOf, ownersPathOf, signaturePathsOf } from './file-names.ts';
import { parseOwners, type TrustRootOwners } from './owners.ts';
import { checkThreshold, type SignedBy, signedBy } from './signed-by.ts';

/** Reads a file; nothing where there is none. */
export type ReadIfThere = (path: string) => Promise<Uint8Array | undefined>;

/** A trust root with what lies beside it, each file by its path. */
export type TrustRootFiles = {
  readonly path: string;
  readonly files: ReadonlyMap<string, Uint8Array>;
  readonly root: TrustRoot;
  readonly issuersDigest: Sha256 | null;
  readonly owners: TrustRootOwners | undefined;
  readonly signatures: readonly Uint8Array[];
};

/** A trust root that is the edition its own owners have signed. */
export type SignedTrustRoot = TrustRootFiles & {
  readonly owners: TrustRootOwners;
  readonly edition: TrustRootEdition;
  readonly signedBy: SignedBy;
};

const MAX_BYTES = 4 * 1024 * 1024;

/** Reads a trust root and what lies beside it; nothing where there is no trust root. @throws SignwrightError `invalid-input`. */
export async function loadTrustRoot(path: string, read: ReadIfThere): Promise<TrustRootFiles | undefined> {
  const files = new Map<string, Uint8Array>();
  const take = async (name: string): Promise<Uint8Array | undefined> => {
    const bytes = await read(name);
    if (bytes !== undefined) files.set(name, bytes);
    return bytes;
  };
  const signatures: Uint8Array[] = [];
  for (const name of signaturePathsOf(path)) {
    const bytes = await take(name);
    if (bytes === undefined) break;
    signatures.push(bytes);
  }
  const [root, issuers, owners] = [await take(path), await take(issuersPathOf(path)), await take(ownersPathOf(path))];
  if (root === undefined) return undefined;
  return {
    path,
    files,
    root: parseTrustRoot(root, issuers, path),
    issuersDigest: issuers === undefined ? null : canonicalDigest(jsonOf(issuers, issuersPathOf(path))),
    owners: owners === undefined ? undefined : parseOwners(owners, path),
    signatures,
  };
}

function jsonOf(bytes: Uint8Array, where: string): Json {
  return parseStrictJson(bytes, { what: where, maxBytes: MAX_BYTES });
}

/**
 * Holds a trust root to its signatures: it is the edition they sign, root, issuers and owners, and as many of these owners as must
 * have signed it, whoever else did. That says that it is whole, and that its owners could sign the next; not that it may be trusted.
 *
 * @throws Refused, or SignwrightError `invalid-input` or `verification`, with what does not hold.
 */
export async function checkSigned(found: TrustRootFiles): Promise<SignedTrustRoot> {
  const { root, issuersDigest, owners, signatures } = found;
  const [first] = signatures;
  if (first === undefined) throw new Refused('bad-signature', 'nobody has signed it');
  if (owners === undefined) throw new Refused('wrong-subject', `there is no ${ownersPathOf(found.path)} beside it`);
  const edition = claimedEdition(first);
  const which = `what was signed as version ${edition.version}`;
  if (edition.root !== root.digest) throw new Refused('wrong-subject', `the trust root is not ${which}`);
  if (edition.issuers !== issuersDigest) throw new Refused('wrong-subject', `its issuers file is not ${which}`);
  if (edition.owners !== owners.digest) throw new Refused('wrong-subject', `its owners file is not ${which}`);
  const by = await signedBy(signatures, edition, owners, root);
  checkThreshold(by, owners, 'its own owners');
  return { ...found, owners, edition, signedBy: by };
}
