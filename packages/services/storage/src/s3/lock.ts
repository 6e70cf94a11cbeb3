import type { Retaining } from '@signwright/signing-core';
import { SignwrightError } from '@signwright/signing-core';
import type { Call } from './call.ts';
import { saysLocked } from './explain.ts';
import type { LockMode, Retain } from './retention.ts';

/** One version of an object; a marker stands where somebody deleted it without its version. */
type ObjectVersion = { readonly id: string; readonly marker: boolean };
type Locked = { readonly retained: boolean; readonly held: boolean };

/**
 * Throws SignwrightError `configuration` unless the store writes under this lock and its bucket enforces it.
 *
 * @param call at the bucket itself.
 */
export async function checkObjectLock(call: Call, retain: Retain | undefined, mode: LockMode): Promise<void> {
  const { Bucket } = call.object;
  const lacks = (problem: string, next: string): SignwrightError =>
    new SignwrightError('configuration', `${call.where}: ${problem}`, { where: call.where, next });
  if (retain === undefined || (mode === 'compliance' && retain.mode !== 'compliance')) {
    throw lacks(
      `nothing is written there under a lock in ${mode} mode, as the policy demands`,
      `open the store with retention in ${mode} mode`,
    );
  }
  const { ObjectLockConfiguration } = await call.send('s3:GetBucketObjectLockConfiguration', ({ sdk, client, signal }) =>
    client.send(new sdk.GetObjectLockConfigurationCommand({ Bucket }), { abortSignal: signal }),
  );
  if (ObjectLockConfiguration?.ObjectLockEnabled !== 'Enabled') {
    throw lacks(
      `the bucket ${Bucket} has no Object Lock, which a bucket gets at its creation only`,
      'make a new bucket with Object Lock, and name that',
    );
  }
  const { Status } = await call.send('s3:GetBucketVersioning', ({ sdk, client, signal }) =>
    client.send(new sdk.GetBucketVersioningCommand({ Bucket }), { abortSignal: signal }),
  );
  if (Status !== 'Enabled') throw lacks(`the bucket ${Bucket} keeps no versions`, 'enable versioning on it');
}

/** Sets a legal hold on the newest version, or lifts it from every version that has one. */
export async function holdObject(call: Call, held: boolean): Promise<void> {
  const versions = (await versionsOf(call)).filter(({ marker }) => !marker);
  if (held && versions.length === 0) {
    throw new SignwrightError('unreachable', `${call.where} cannot be held: there is nothing`, {
      where: call.where,
      next: 'check the name',
    });
  }
  for (const { id } of held ? versions.slice(0, 1) : versions) {
    if (!held && !(await lockOf(call, id)).held) continue;
    await call.send('s3:PutObjectLegalHold', ({ sdk, client, signal }) => {
      const LegalHold = { Status: held ? ('ON' as const) : ('OFF' as const) };
      const put = new sdk.PutObjectLegalHoldCommand({ ...call.object, VersionId: id, LegalHold, ChecksumAlgorithm: 'SHA256' });
      return client.send(put, { abortSignal: signal });
    });
  }
}

/** Whether a retention or a hold stands on any version, as far as these credentials may see. */
export async function isHeld(call: Call): Promise<boolean> {
  return isAnyLocked(call, await versionsOf(call));
}

/** Removes every version, the newest last, unless a lock stands on any of them. */
export async function removeObject(call: Call): ReturnType<Retaining['remove']> {
  const versions = await versionsOf(call);
  // Asked first, so that nothing is removed of what is held in part.
  if (await isAnyLocked(call, versions)) return 'held';
  for (const { id } of versions.reverse()) {
    const removed = await call.send<boolean>(
      's3:DeleteObjectVersion',
      async ({ sdk, client, signal }) => {
        await client.send(new sdk.DeleteObjectCommand({ ...call.object, VersionId: id }), { abortSignal: signal });
        return true;
      },
      (failure) => (saysLocked(failure) ? { as: false } : undefined),
    );
    if (!removed) return 'held';
  }
  return versions.length === 0 ? 'absent' : 'removed';
}

async function isAnyLocked(call: Call, versions: readonly ObjectVersion[]): Promise<boolean> {
  for (const { id, marker } of versions) {
    if (marker) continue;
    const { retained, held } = await lockOf(call, id);
    if (retained || held) return true;
  }
  return false;
}

/** The locks of a version, as far as these credentials may see them; what they may not see, the removal itself runs into. */
async function lockOf(call: Call, version: string): Promise<Locked> {
  const head = await call.send('s3:GetObjectVersion', ({ sdk, client, signal }) =>
    client.send(new sdk.HeadObjectCommand({ ...call.object, VersionId: version }), { abortSignal: signal }),
  );
  const { ObjectLockRetainUntilDate: until, ObjectLockLegalHoldStatus: hold } = head;
  return { retained: until !== undefined && until.getTime() > Date.now(), held: hold === 'ON' };
}

/** Every version of exactly this key, the newest first. */
async function versionsOf(call: Call): Promise<ObjectVersion[]> {
  const { Bucket, Key } = call.object;
  const found: (ObjectVersion & { readonly at: number })[] = [];
  let from: { KeyMarker?: string | undefined; VersionIdMarker?: string | undefined } = {};
  for (;;) {
    const page = await call.send('s3:ListBucketVersions', ({ sdk, client, signal }) =>
      client.send(new sdk.ListObjectVersionsCommand({ Bucket, Prefix: Key, ...from }), { abortSignal: signal }),
    );
    for (const [marker, listed] of [
      [false, page.Versions ?? []],
      [true, page.DeleteMarkers ?? []],
    ] as const) {
      for (const { Key: key, VersionId: id, LastModified } of listed) {
        if (key === Key) found.push({ id: id ?? 'null', marker, at: LastModified?.getTime() ?? 0 });
      }
    }
    // Keys come in order, and the key itself before any that is longer.
    if (page.IsTruncated !== true || page.NextKeyMarker !== Key) break;
    from = { KeyMarker: page.NextKeyMarker, VersionIdMarker: page.NextVersionIdMarker };
  }
  return found.sort((a, b) => b.at - a.at);
}
