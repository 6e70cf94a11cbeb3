// A process of the benchmark: appends to a log by many writers at once until it is told to stop, then waits until all is in order.
import { createPrivateKey, createPublicKey, randomBytes } from 'node:crypto';
import { createInterface } from 'node:readline';
import { openAuditLog } from '@signwright/audit-log';
import { openSegment, type Signer, sealSegment, sha256, signWithKey, verifierKeyOf, writeRecord } from '@signwright/signing-core';
import { createDirectoryStore } from '@signwright/storage';
import { numberedIntent, numberedResult } from '@signwright/testkit';

/** What it is asked, as JSON on the first line of its input; the second line lets it begin. */
export type Ask = {
  readonly directory: string;
  /** The log's private key, made for the benchmark. */
  readonly pem: string;
  readonly writers: number;
  readonly milliseconds: number;
  /** Random text of so many bytes, as Tessera's hammer writes; or intents and their results, which have some 1,200. */
  readonly records: number | 'intents and results';
};

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const nextLine = async (): Promise<string> => (await lines.next()).value ?? '';

const { directory, pem, writers, milliseconds, records } = JSON.parse(await nextLine()) as Ask;
const privateKey = createPrivateKey(pem);
const publicKey = createPublicKey(privateKey);
const signer: Signer = {
  publicKey: async () => publicKey,
  certificate: async () => undefined,
  sign: (request) => signWithKey(privateKey, request),
};
const keys = [verifierKeyOf('bench.example', publicKey, 'log')];
const log = await openAuditLog({
  blobs: createDirectoryStore(directory),
  keys,
  witnesses: [],
  count: 0,
  signer,
  clock: { now: () => new Date() },
  segments: {
    seal: (sealed) => sealSegment(sealed, { signer }),
    open: (bytes) => openSegment(bytes, { logKeys: keys, trust: { root: undefined, keys: [] }, signers: [] }),
  },
});

/** The records that a writer appends, one after the other. */
function* recordsOf(): Generator<Uint8Array> {
  for (let request = 0; ; request += 3) {
    if (typeof records === 'number') yield Buffer.from(randomBytes(records / 2).toString('hex'));
    else {
      const mine = { request: sha256(randomBytes(32)) };
      const intent = writeRecord({ ...numberedIntent(request), ...mine });
      yield intent;
      yield writeRecord({ ...numberedResult(request), ...mine, intents: [sha256(intent)] });
    }
  }
}

await log.append([Buffer.from('{}')]);
console.log('ready');
await nextLine();

let count = 0;
const end = performance.now() + milliseconds;
await Promise.all(
  Array.from({ length: writers }, async () => {
    for (const record of recordsOf()) {
      await log.append([record]);
      count++;
      if (performance.now() >= end) return;
    }
  }),
);
await log.sequence();
console.log(count);
process.exit();
