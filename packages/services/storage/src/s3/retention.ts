import { createHash } from 'node:crypto';
import type { HeadObjectCommandOutput } from '@aws-sdk/client-s3';
import { type Call, readFailure } from './call.ts';
import { readObject } from './read.ts';

export type LockMode = 'compliance' | 'governance';

/** Under which lock the store's writes stand, and for how many seconds each at least. */
export type Retain = { readonly mode: LockMode; readonly seconds?: number | undefined };

/** A lock on one version of an object. */
export type Retention = { readonly mode: 'COMPLIANCE' | 'GOVERNANCE'; readonly until: Date };

const ACTION = 's3:PutObjectRetention or s3:GetObjectRetention';

/**
 * What a write is retained under: until the latest of what it asks and what the store asks of every write, rounded up to seconds,
 * with one more for the way there, for a time that has passed is refused.
 */
export function retentionOf(retain: Retain | undefined, until: Date | undefined): Retention | undefined {
  if (retain === undefined) return undefined;
  const latest = Math.max(until?.getTime() ?? 0, Date.now() + (retain.seconds ?? 0) * 1000);
  if (latest <= Date.now()) return undefined;
  const mode = retain.mode === 'compliance' ? 'COMPLIANCE' : 'GOVERNANCE';
  return { mode, until: new Date((Math.ceil(latest / 1000) + 1) * 1000) };
}

/** Retains what an object of these bytes has already, if that ends sooner or under a weaker lock. Other bytes are left alone. */
export async function retainLonger(call: Call, bytes: Uint8Array, wanted: Retention): Promise<void> {
  const found = await headOf(call);
  if (found === undefined || isRetained(found, wanted) || !(await hasBytes(call, found, bytes))) return;
  const mode = found.ObjectLockMode === 'COMPLIANCE' ? 'COMPLIANCE' : wanted.mode;
  const until = new Date(Math.max(wanted.until.getTime(), found.ObjectLockRetainUntilDate?.getTime() ?? 0));
  try {
    await call.once(({ sdk, client, signal }) => {
      const put = new sdk.PutObjectRetentionCommand({
        ...call.object,
        ...(found.VersionId === undefined ? {} : { VersionId: found.VersionId }),
        Retention: { Mode: mode, RetainUntilDate: until },
        ChecksumAlgorithm: 'SHA256',
      });
      return client.send(put, { abortSignal: signal });
    });
  } catch (error) {
    const failure = readFailure(error);
    // Another may have retained it even longer just now, which no lock lets us shorten; or it was our answer that was lost.
    const now = await headOf(call);
    if (now === undefined || !isRetained(now, wanted)) throw call.explain(ACTION, failure);
  }
}

function headOf(call: Call): Promise<HeadObjectCommandOutput | undefined> {
  return call.send<HeadObjectCommandOutput | undefined>(
    's3:GetObject',
    ({ sdk, client, signal }) =>
      client.send(new sdk.HeadObjectCommand({ ...call.object, ChecksumMode: 'ENABLED' }), { abortSignal: signal }),
    (failure) => (failure.status === 404 ? { as: undefined } : undefined),
  );
}

/** By the checksum we write it with; where the server does not tell it, by the bytes. */
async function hasBytes(
  call: Call,
  { ContentLength, ChecksumSHA256 }: HeadObjectCommandOutput,
  bytes: Uint8Array,
): Promise<boolean> {
  if (ContentLength !== bytes.length) return false;
  if (ChecksumSHA256 !== undefined) return ChecksumSHA256 === createHash('sha256').update(bytes).digest('base64');
  const found = await readObject(call);
  return found !== undefined && Buffer.compare(found.bytes, bytes) === 0;
}

function isRetained(
  { ObjectLockMode: mode, ObjectLockRetainUntilDate: until }: HeadObjectCommandOutput,
  wanted: Retention,
): boolean {
  return (
    until !== undefined && until.getTime() >= wanted.until.getTime() && (mode === 'COMPLIANCE' || wanted.mode === 'GOVERNANCE')
  );
}
