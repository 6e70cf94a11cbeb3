import type { KeyClientOptions } from '@azure/keyvault-keys';

type AdditionalPolicy = NonNullable<KeyClientOptions['additionalPolicies']>[number];
type Answer = Awaited<ReturnType<AdditionalPolicy['policy']['sendRequest']>>;

const MAX_BYTES = 1024 * 1024;

/**
 * Reads the answers in the SDKs' place, which read them to their end, however far that is: also those of whoever is not known yet to
 * be Azure. `perRetry` has it nearest to the network, before whatever else reads them; what it counts is decompressed.
 */
export const boundedAnswers: AdditionalPolicy = {
  position: 'perRetry',
  policy: {
    name: 'boundedAnswers',
    async sendRequest(request, next) {
      const { streamResponseStatusCodes: before } = request;
      request.streamResponseStatusCodes = new Set([Number.POSITIVE_INFINITY]);
      try {
        return await readWhole(await next(request));
      } finally {
        if (before === undefined) delete request.streamResponseStatusCodes;
        else request.streamResponseStatusCodes = before;
      }
    },
  },
};

async function readWhole(answer: Answer): Promise<Answer> {
  const { readableStreamBody: body } = answer;
  if (body === undefined) return answer;
  const chunks: Buffer[] = [];
  let length = 0;
  // Leaving the loop ends the stream, and with it the connection.
  for await (const chunk of body) {
    const bytes = Buffer.from(chunk);
    length += bytes.length;
    if (length > MAX_BYTES) throw new Error(`an answer that cannot be read: it is larger than ${MAX_BYTES} bytes`);
    chunks.push(bytes);
  }
  delete answer.readableStreamBody;
  answer.bodyAsText = Buffer.concat(chunks, length).toString('utf8');
  return answer;
}
