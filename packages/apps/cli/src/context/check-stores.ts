import { SignwrightError } from '@signwright/signing-core';
import { evidencePlace } from './open-evidence.ts';
import type { OpenPolicy } from './open-policy.ts';
import { cannotLock, type StorePlace, storePlace } from './open-store.ts';

/**
 * Reads the references of the stores a policy names, as far as that can be judged without asking any: what is wrong shows in
 * `policy check`, not in a job.
 *
 * @throws SignwrightError `configuration` that names the key of the policy.
 */
export async function checkStores(open: OpenPolicy): Promise<void> {
  const { audit, evidence } = open.policy;
  if (audit !== undefined)
    await checkReference('audit.log', audit.where, () =>
      readPlace(storePlace(audit.log, open, 'audit.log'), audit.lock !== undefined),
    );
  if (evidence !== undefined) {
    await checkReference('evidence.store', open.file, async () => {
      const place = evidencePlace(open, undefined);
      if (place.kind !== 'gitlab') return readPlace(place, evidence.lock !== undefined);
      (await import('@signwright/gitlab')).parseGitlabReference(place.reference);
      if (evidence.lock !== undefined) throw cannotLock(place, 'whoever may delete its packages can delete evidence');
    });
  }
}

async function readPlace({ kind, reference }: StorePlace, locked: boolean): Promise<void> {
  const storage = await import('@signwright/storage');
  if (kind === 's3') storage.parseS3Reference(reference);
  else if (kind === 'git') storage.parseGitReference(reference);
  if (locked && kind !== 's3') throw cannotLock({ reference }, 'only a bucket with Object Lock can keep what is in it');
}

async function checkReference(key: string, where: string, check: () => Promise<void>): Promise<void> {
  try {
    await check();
  } catch (error) {
    if (!(error instanceof SignwrightError)) throw error;
    const message = error.message.startsWith(key) ? error.message : `${key}: ${error.message}`;
    throw new SignwrightError('configuration', message, { where, ...(error.next === undefined ? {} : { next: error.next }) });
  }
}
