import { basename } from 'node:path';
import {
  checkSigned,
  checkUpdate,
  expiryOf,
  ownersPathOf,
  type SignedTrustRoot,
  SignwrightError,
  type TrustRootFiles,
  type TrustRootInUse,
  trustRootChanges,
  whoText,
} from '@signwright/signing-core';
import type { Run } from '../context/run.ts';
import { finishInstalling, installTrustRoot, readTrustRoot, readTrustRootFrom } from '../context/trust-root-files.ts';
import { printLines, printNote } from '../print-lines.ts';

export type TrustUpdateOptions = {
  readonly from: string;
  readonly root: string;
  readonly name?: string;
  readonly check?: true;
  readonly allowPrivate?: true;
};

/** `signwright trust update --from PLACE`: takes the next edition of a trust root, if the owners of the one in use have signed it. */
export async function trustUpdate(options: TrustUpdateOptions, { signal }: Run): Promise<void> {
  const file = options.root;
  if (await finishInstalling(file)) printNote(`an update of ${file} that was cut off is finished now`);
  const before = await readTrustRoot(file);
  const inUse = await inUseOf(before, options.name);
  const place = { from: options.from, allowPrivate: options.allowPrivate ?? false, signal };
  const after = await checkNext(await readTrustRootFrom(place, basename(file)));
  const now = new Date();
  const found = await checkUpdate(inUse, after, now);
  const { edition } = after;
  const until = `until ${new Date(edition.expires).toISOString()}`;
  if (found === 'current') {
    const expiry = expiryOf(edition, now.getTime());
    printLines([`${file} is the newest edition there: ${edition.name}, version ${edition.version}, ${until}`]);
    if (expiry.state !== 'fresh') printNote(`warning: ${expiry.message}; have its owners sign the next`);
    return;
  }

  const was = inUse.edition === undefined ? 'not signed so far' : `so far version ${inUse.edition.version}`;
  printLines([
    `the trust root ${edition.name}, version ${edition.version} (${was}), ${until}`,
    `  signed by ${after.signedBy.owners.map(whoText).join(', ')}${after.signedBy.development ? ' (on a trial root)' : ''}`,
    ...trustRootChanges(before, after).map((line) => `  ${line}`),
    `  digest ${edition.root} (what an anchor pins as trust-root-sha256)`,
    ...(edition.issuers === null ? [] : [`  its issuers ${edition.issuers} (what an anchor pins as trust-root-issuers-sha256)`]),
  ]);
  if (options.check) return;
  if (signal.aborted) throw new SignwrightError('cancelled', 'stopped; nothing was written');
  await installTrustRoot(file, after);
  printLines([`${file} and what lies beside it are of this edition now`]);
}

async function checkNext(found: TrustRootFiles): Promise<SignedTrustRoot> {
  try {
    return await checkSigned(found);
  } catch (error) {
    if (!(error instanceof SignwrightError)) throw error;
    throw new SignwrightError(error.code, `${found.path} is no edition to update to: ${error.message}`, {
      where: found.path,
      next:
        error.next ?? 'have its owners publish the files of one edition together; where they are doing so just now, try again',
      cause: error,
    });
  }
}

/** What is in use must be whole itself: by what was changed here without its owners, nothing can be judged. */
async function inUseOf(found: TrustRootFiles, name: string | undefined): Promise<TrustRootInUse> {
  const { path, root, owners } = found;
  if (found.signatures.length > 0) {
    const signed = await checkSigned(found).catch((cause: unknown) => {
      if (!(cause instanceof SignwrightError)) throw cause;
      throw new SignwrightError('configuration', `the trust root in use is not the edition signed beside it: ${cause.message}`, {
        where: path,
        next: 'restore its files as they were, from version control or a copy, and update then',
        cause,
      });
    });
    if (name !== undefined && name !== signed.edition.name)
      throw new SignwrightError('usage', `the trust root in use is ${JSON.stringify(signed.edition.name)}`, {
        next: 'leave out --name',
      });
    return { name: signed.edition.name, root, owners: signed.owners, edition: signed.edition };
  }
  if (owners === undefined)
    throw new SignwrightError(
      'configuration',
      `${ownersPathOf(path)} is missing: nothing says whose word changes the trust root`,
      {
        where: ownersPathOf(path),
        next: 'get it from the owners, by a way you trust, and compare its digest with them',
      },
    );
  if (name === undefined)
    throw new SignwrightError('usage', 'the trust root in use was never signed, so it says not what it is called', {
      next: 'name it as its owners do: --name NAME',
    });
  return { name, root, owners };
}
