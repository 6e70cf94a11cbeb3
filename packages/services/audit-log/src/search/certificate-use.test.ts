import { type IntentRecord, type ResultRecord, sha256, writeRecord } from '@signwright/signing-core';
import { numberedIntent, numberedResult, recordLog } from '@signwright/testkit';
import { expect, test } from 'vitest';
import { certificateUse } from './certificate-use.ts';

const certificate = { serial: '0a', digest: sha256('a certificate') };
const intent = (number: number): IntentRecord => ({
  ...numberedIntent(number),
  signer: { ...numberedIntent(number).signer, certificate },
});
const result = (number: number, failed = false): ResultRecord => ({
  ...numberedResult(number, failed),
  intents: [sha256(writeRecord(intent(number)))],
  signer: { ...numberedResult(number).signer, certificate },
});

test('how often a certificate signed, by whom last, and what nobody accounts for', async () => {
  const log = recordLog([
    intent(1),
    result(1),
    intent(2),
    intent(3),
    result(3, true),
    intent(4),
    result(4),
    numberedIntent(5),
    numberedResult(5),
  ]);
  const used = await certificateUse(log);
  expect([...used.keys()]).toEqual([certificate.digest]);
  expect(used.get(certificate.digest)).toEqual({
    signatures: 2,
    unaccounted: 1,
    last: {
      at: result(4).time,
      request: intent(4).request,
      pipeline: 'https://gitlab.example/acme/app-4',
      job: 'https://gitlab.example/acme/app-4/-/jobs/4',
    },
  });
});

test('files that are signed each by itself count each', async () => {
  const { signature: _, evidence: __, signed: ___, ...rest } = result(1) as ResultRecord & Record<string, unknown>;
  const used = await certificateUse(recordLog([intent(1), { ...rest, outcome: 'signed', files: 12 }]));
  expect(used.get(certificate.digest)).toMatchObject({ signatures: 12, unaccounted: 0 });
});

test('a log that leaves records out is refused', async () => {
  const { size, records } = recordLog([intent(1), result(1), intent(2)]);
  for (const lost of [0, 1, 2]) {
    async function* without(from: number, to: number): ReturnType<typeof records> {
      for await (const one of records(from, to)) if (one.index !== lost) yield one;
    }
    await expect(certificateUse({ size, records: without })).rejects.toThrow(`the log does not give its record ${lost}`);
  }
});

test('it stops when it is told to', async () => {
  await expect(certificateUse(recordLog([intent(1)]), AbortSignal.abort())).rejects.toThrow('stopped');
});
