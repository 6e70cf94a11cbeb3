import { randomBytes } from 'node:crypto';
import type { PutObjectCommandInput } from '@aws-sdk/client-s3';
import { SignwrightError } from '@signwright/signing-core';
import { type Call, mayPass, readFailure, TRIES } from './call.ts';
import { etagOf } from './etag.ts';

/** Says when a write takes effect: at the first write of a key, or as long as the object's ETag is this. */
export type Condition = { readonly IfNoneMatch: '*' } | { readonly IfMatch: string };

export type Write = {
  readonly bytes: Uint8Array;
  readonly condition: Condition;
  /** Whether the key is never written again. */
  readonly once: boolean;
  readonly retention: Pick<PutObjectCommandInput, 'ObjectLockMode' | 'ObjectLockRetainUntilDate'>;
  /** Names this one write, in the object's metadata. */
  readonly mark: string;
};

/** The metadata that tells our write from another of the same bytes, where the answer to it was lost. */
const MARK = 'signwright-write';
const ACTION = 's3:PutObject';

export function newMark(): string {
  return randomBytes(16).toString('hex');
}

/**
 * Writes an object if the condition holds, again until it is known what became of it.
 *
 * @returns its ETag, or `undefined` where the condition did not hold.
 * @throws SignwrightError `unreachable` where nobody can say which.
 */
export async function writeObject(call: Call, write: Write): Promise<string | undefined> {
  let unclear = false;
  for (let tries = 1; ; tries++) {
    try {
      return await putOnce(call, write);
    } catch (error) {
      const failure = readFailure(error);
      const refused = failure.kind === 'precondition' || (failure.kind === 'absent' && 'IfMatch' in write.condition);
      if (refused) return unclear ? settle(call, write, lost(call)) : undefined;
      unclear ||= failure.kind === 'unclear';
      if (mayPass(failure) && (tries < TRIES || failure.kind === 'conflict')) {
        await call.pause(tries);
        continue;
      }
      const explained = call.explain(ACTION, failure);
      if (!unclear) throw explained;
      return settle(call, write, explained);
    }
  }
}

async function putOnce(call: Call, { bytes, condition, retention, mark }: Write): Promise<string> {
  const { ETag } = await call.once(({ sdk, client, signal }) => {
    const put = new sdk.PutObjectCommand({
      ...call.object,
      ...condition,
      ...retention,
      Body: bytes,
      ChecksumAlgorithm: 'SHA256',
      Metadata: { [MARK]: mark },
    });
    return client.send(put, { abortSignal: signal });
  });
  return etagOf(call, ETag);
}

/**
 * After a lost answer: was it our write that is there? Its bytes do not tell, for another may have written the same.
 *
 * @param otherwise thrown where nobody can say.
 */
async function settle(call: Call, { mark, once }: Write, otherwise: SignwrightError): Promise<string | undefined> {
  const head = await call
    .send('s3:GetObject', ({ sdk, client, signal }) =>
      client.send(new sdk.HeadObjectCommand(call.object), { abortSignal: signal }),
    )
    .catch(() => undefined);
  if (head?.Metadata?.[MARK] === mark) return etagOf(call, head.ETag);
  if (once && head?.ETag !== undefined) return undefined;
  throw otherwise;
}

function lost(call: Call): SignwrightError {
  return new SignwrightError('unreachable', `the store does not tell whether it wrote ${call.where}: the answer was lost`, {
    where: call.where,
    next: 'run again; what was being written may be there',
  });
}

/**
 * Servers that speak S3 may ignore a condition they do not know; two writers would then overwrite each other and nobody would see it.
 * So a write that took effect is sent once more, under a condition that cannot hold any more, and must be refused.
 *
 * @throws SignwrightError `configuration` where it is not.
 */
export async function proveCondition(call: Call, write: Write): Promise<void> {
  // No object has this ETag: not even one that is swapped back just now is written over.
  const condition = 'IfMatch' in write.condition ? { IfMatch: `"${newMark()}"` } : write.condition;
  const honoured = await call.send<boolean>(
    ACTION,
    async () => putOnce(call, { ...write, condition }).then(() => false),
    ({ kind }) => (kind === 'precondition' || kind === 'absent' ? { as: true } : undefined),
  );
  if (honoured) return;
  throw new SignwrightError('configuration', `the server of ${call.where} ignores ${Object.keys(condition).join()} of a write`, {
    where: call.where,
    next: 'use a server with conditional writes, as Amazon S3 and MinIO have: on this one, writers overwrite each other',
  });
}
