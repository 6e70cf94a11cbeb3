import type { TrustRootFile } from '@signwright/policy';
import {
  checkSigned,
  expiryOf,
  issuersPathOf,
  loadTrustRoot,
  type ReadIfThere,
  SignwrightError,
  signaturePathsOf,
  type TrustRootEdition,
} from '@signwright/signing-core';

/** The edition a policy's trust root is, or why it is not the one that is signed beside it. */
export type RootInUse = { readonly edition: TrustRootEdition } | { readonly fault: string; readonly path: string };

/** Reads which edition a trust root is; nothing where none was ever signed: it has no expiry. */
export async function readRootInUse(file: TrustRootFile | undefined, read: ReadIfThere): Promise<RootInUse | undefined> {
  const [signature = ''] = file === undefined ? [] : signaturePathsOf(file.path);
  if (file === undefined || (await read(signature)) === undefined) return undefined;
  const known = new Map([
    [file.path, file.root],
    [issuersPathOf(file.path), file.issuers],
  ]);
  try {
    const found = await loadTrustRoot(file.path, async (path) => (known.has(path) ? known.get(path) : read(path)));
    if (found === undefined) return undefined;
    const { edition } = await checkSigned(found);
    return { edition };
  } catch (error) {
    if (!(error instanceof SignwrightError) || error.code === 'unreachable' || error.code === 'cancelled') throw error;
    return { fault: error.message, path: file.path };
  }
}

/** @throws SignwrightError `configuration` where the trust root is not the edition signed beside it. */
export function editionInUse(root: RootInUse | undefined): TrustRootEdition | undefined {
  if (root === undefined || 'edition' in root) return root?.edition;
  throw new SignwrightError('configuration', `the trust root ${root.path} is not the edition signed beside it: ${root.fault}`, {
    where: root.path,
    next: 'where an update was cut off, run it again: signwright trust update; else restore its files, or have the change signed: signwright trust sign',
  });
}

/**
 * Warns of an edition that has expired or is about to.
 *
 * @param at milliseconds since 1970 UTC. @param signing whether one that has expired is refused: nobody could verify by it.
 * @throws SignwrightError `configuration`.
 */
export function checkRootInUse(
  root: RootInUse | undefined,
  { at, note, signing }: { readonly at: number; readonly note: (line: string) => void; readonly signing: boolean },
): void {
  const edition = editionInUse(root);
  const expiry = edition === undefined ? undefined : expiryOf(edition, at);
  if (expiry?.state === 'expired' && signing)
    throw new SignwrightError('configuration', expiry.message, {
      next: 'nothing was signed; get the newest edition from its owners: signwright trust update --from URL --root FILE',
    });
  if (expiry?.state === 'ending' || expiry?.state === 'expired') note(`warning: ${expiry.message} (signwright trust update)`);
}
