import { setImmediate as turn } from 'node:timers/promises';
import { MAX_RECORD, MAX_SEGMENT_PAYLOAD, type Receipt, SignwrightError, sha256 } from '@signwright/signing-core';

type Waiting = { readonly record: Buffer; written(receipt: Receipt): void; failed(error: unknown): void };

const MOST_RECORDS = 256;

/**
 * Gathers what is appended at once: all that arrives while one batch is written goes into the next, so that however many append, each
 * waits for two writes at the most.
 *
 * @param write writes a batch of 256 records at the most, durably. @returns its segment.
 */
export function groupCommit(
  origin: string,
  write: (records: readonly Buffer[]) => Promise<number>,
): (records: readonly Uint8Array[]) => Promise<readonly Receipt[]> {
  const waiting: Waiting[] = [];
  let running = false;

  async function run(): Promise<void> {
    running = true;
    // Those who append in the same turn go together.
    await turn();
    while (waiting.length > 0) {
      const batch = takeBatch(waiting);
      try {
        const segment = await write(batch.map(({ record }) => record));
        for (const [place, { record, written }] of batch.entries()) written({ origin, record: sha256(record), segment, place });
      } catch (error) {
        for (const { failed } of batch) failed(error);
      }
    }
    running = false;
  }

  return async (records) => {
    for (const record of records) checkSize(record);
    const receipts = records.map(
      (record) =>
        new Promise<Receipt>((written, failed) => {
          waiting.push({ record: Buffer.from(record), written, failed });
        }),
    );
    if (!running && waiting.length > 0) void run();
    return Promise.all(receipts);
  };
}

function takeBatch(waiting: Waiting[]): Waiting[] {
  let bytes = 0;
  const over = waiting.findIndex(({ record }, count) => {
    bytes += record.length + 2;
    return count === MOST_RECORDS || bytes > MAX_SEGMENT_PAYLOAD;
  });
  return waiting.splice(0, over < 0 ? waiting.length : over);
}

function checkSize(record: Uint8Array): void {
  if (record.length > 0 && record.length < MAX_RECORD) return;
  throw new SignwrightError('invalid-input', `a record of ${record.length} bytes; a log takes 1 to ${MAX_RECORD - 1}`, {
    next: 'write it with writeRecord',
  });
}
