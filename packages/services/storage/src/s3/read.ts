import type { Readable } from 'node:stream';
import type { GetObjectCommandOutput } from '@aws-sdk/client-s3';
import { type Blob, SignwrightError } from '@signwright/signing-core';
import { MAX_BLOB } from '../check-blob.ts';
import type { Call } from './call.ts';
import { etagOf } from './etag.ts';

/**
 * Reads the current version, whole, at most 64 MiB; its version is its ETag.
 *
 * @returns `undefined` where there is none.
 * @throws SignwrightError `unreachable` also where somebody deleted it, which in a bucket with versions only hides it.
 */
export function readObject(call: Call): Promise<Blob | undefined> {
  return call.send<Blob | undefined>(
    's3:GetObject',
    async ({ sdk, client, signal }) => {
      const answer = await client.send(new sdk.GetObjectCommand(call.object), { abortSignal: signal });
      return { bytes: await bodyOf(call, answer), version: etagOf(call, answer.ETag) };
    },
    (failure) => {
      if (failure.kind !== 'absent') return undefined;
      if (failure.headers['x-amz-delete-marker'] === 'true') throw hidden(call);
      return { as: undefined };
    },
  );
}

async function bodyOf(call: Call, { Body, ContentLength }: GetObjectCommandOutput): Promise<Uint8Array> {
  const body = Body as Readable;
  const chunks: Uint8Array[] = [];
  let length = 0;
  if (ContentLength !== undefined && ContentLength > MAX_BLOB) {
    body.destroy();
    throw tooLarge(call);
  }
  for await (const chunk of body as AsyncIterable<Uint8Array>) {
    length += chunk.length;
    if (length > MAX_BLOB) throw tooLarge(call);
    chunks.push(chunk);
  }
  if (ContentLength !== undefined && length !== ContentLength) throw cutShort();
  return Buffer.concat(chunks, length);
}

/** As the network's own errors are: the next try may get it whole. */
function cutShort(): Error {
  return Object.assign(new Error('the body ended early'), { code: 'ECONNRESET' });
}

function tooLarge(call: Call): SignwrightError {
  return new SignwrightError('unreachable', `the store is damaged at ${call.where}: larger than ${MAX_BLOB} bytes`, {
    where: call.where,
    next: 'restore the object from a version before it, or from a copy',
  });
}

function hidden(call: Call): SignwrightError {
  return new SignwrightError(
    'unreachable',
    `the store is damaged at ${call.where}: somebody deleted it, or a lifecycle rule did`,
    {
      where: call.where,
      next: 'remove its delete marker: the versions under it may still be there; "aws s3api list-object-versions" shows them',
    },
  );
}
