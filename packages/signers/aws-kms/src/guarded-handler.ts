import { SignwrightError } from '@signwright/signing-core';
import { refusePlain } from '@signwright/transport';
import type { NodeHttpHandler, NodeHttpHandlerOptions } from '@smithy/node-http-handler';
import type * as Sdk from './sdk.ts';

type Body = AsyncIterable<Buffer> & { destroy(): unknown };

const MAX_ANSWER = 1024 * 1024;

/**
 * What sends the SDK's requests, of AWS KMS and for credentials alike: by https, whatever profiles say, and reads answers of 1 MiB at
 * most. It throws errors of ours, so it is made here: in the bundle the module of the SDK has a file, and classes, of its own.
 */
export function guardedHandler(sdk: typeof Sdk, where: string, options: NodeHttpHandlerOptions): NodeHttpHandler {
  const handler = new sdk.NodeHttpHandler(options);
  const handle = handler.handle.bind(handler);
  handler.handle = async (request, told) => {
    refusePlain(request, where);
    const { response } = await handle(request, told);
    const { body } = response as { body?: Body };
    if (body !== undefined) response.body = await readBounded(body, request.hostname, where);
    return { response };
  };
  return handler;
}

async function readBounded(body: Body, host: string, where: string): Promise<Uint8Array> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of body) {
    length += chunk.length;
    chunks.push(chunk);
    if (length <= MAX_ANSWER) continue;
    body.destroy();
    throw new SignwrightError('invalid-input', `the answer of ${host} is larger than ${MAX_ANSWER} bytes`, {
      where,
      next: 'check the endpoint: AWS does not answer so',
    });
  }
  return new Uint8Array(Buffer.concat(chunks, length));
}
