import { SignwrightError } from '@signwright/signing-core';
import { NodeHttpHandler, type NodeHttpHandlerOptions } from '@smithy/node-http-handler';
import { refusePlain } from './refuse-unsafe.ts';

type Handle = NodeHttpHandler['handle'];

const MAX_ANSWER = 1024 * 1024;

/** Sends the SDK's requests, of AWS KMS and for credentials alike: by https, whatever profiles say, and reads answers of 1 MiB at most. */
export class GuardedHandler extends NodeHttpHandler {
  private readonly where: string;

  constructor(where: string, options: NodeHttpHandlerOptions) {
    super(options);
    this.where = where;
  }

  override async handle(...[request, options]: Parameters<Handle>): ReturnType<Handle> {
    refusePlain(request, this.where);
    const { response } = await super.handle(request, options);
    const { body } = response as { body?: AsyncIterable<Buffer> & { destroy(): unknown } };
    if (body !== undefined) response.body = await this.readBounded(body, request.hostname);
    return { response };
  }

  private async readBounded(body: AsyncIterable<Buffer> & { destroy(): unknown }, host: string): Promise<Uint8Array> {
    const chunks: Buffer[] = [];
    let length = 0;
    for await (const chunk of body) {
      length += chunk.length;
      chunks.push(chunk);
      if (length <= MAX_ANSWER) continue;
      body.destroy();
      throw new SignwrightError('invalid-input', `the answer of ${host} is larger than ${MAX_ANSWER} bytes`, {
        where: this.where,
        next: 'check the endpoint: AWS does not answer so',
      });
    }
    return new Uint8Array(Buffer.concat(chunks, length));
  }
}
