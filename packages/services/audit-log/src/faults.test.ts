import {
  type BlobStore,
  type Receipt,
  SignwrightError,
  sha256,
  type Transactions,
  verifyRecordProof,
} from '@signwright/signing-core';
import {
  createEditableBlobStore,
  createFaultyBlobStore,
  type EditableBlobStore,
  testAuditLog,
  testIntent,
  testResult,
  testWitness,
  type WriteFault,
} from '@signwright/testkit';
import { beforeAll, describe, expect, test } from 'vitest';
import { type AuditLog, type AuditLogOptions, openAuditLog } from './open-audit-log.ts';
import { openLogReader } from './open-log-reader.ts';
import { verifyLog } from './verify/verify-log.ts';
import { witnessLog } from './witness/witness-log.ts';

/** A log whose appends return when they are in order, so that what is written is the same each time. */
async function openOrdered(options: AuditLogOptions): Promise<AuditLog> {
  const log = await openAuditLog(options);
  return {
    ...log,
    async append(records) {
      const receipts = await log.append(records);
      await log.settled();
      return receipts;
    },
  };
}

const { signer, job, keys, clock, open, sealBy } = testAuditLog();
const witness = testWitness('witness.example');

type Opened = { log: AuditLog; store: BlobStore };
const openOn = (store: BlobStore, withKey: boolean, transactions?: Transactions): Promise<AuditLog> =>
  openOrdered({
    blobs: store,
    keys,
    clock,
    witnesses: [],
    count: 0,
    ...(withKey ? { signer } : {}),
    ...(transactions ? { transactions } : {}),
    segments: { open, seal: sealBy(withKey ? signer : job) },
  });

/** A log that is about to fill its first tile and its first group of segments, with a segment that will be refused. */
let base: ReturnType<EditableBlobStore['copy']>;
beforeAll(async () => {
  const blobs = createEditableBlobStore();
  const log = await openOn(blobs, true);
  for (let i = 0; i < 252; i++) await log.append([Buffer.from(`{"n":${i}}`)]);
  await blobs.putIfAbsent('segments/000000000252', Buffer.from('junk'));
  base = blobs.copy();
}, 60_000);

/** What a run does with the log, each step failing by itself. @returns the records it was told are durable. */
async function run({ log, store }: Opened): Promise<Receipt[]> {
  const acknowledged: Receipt[] = [];
  const trying = async (step: () => Promise<unknown>): Promise<void> => {
    await step().catch((error: unknown) => {
      if (!(error instanceof SignwrightError) || error.code !== 'unreachable') throw error;
    });
  };
  const intents = [testIntent('a'), testIntent('b')];
  await trying(async () => acknowledged.push(...(await log.append(intents))));
  await trying(async () => acknowledged.push(...(await log.append([testResult('a', intents)]))));
  await trying(() => log.publish());
  await trying(async () => acknowledged.push(...(await log.append([testIntent('c')]))));
  await trying(() => witnessLog({ blobs: store, keys, ...witness, clock, remember: async () => undefined }));
  return acknowledged;
}

/** The log afterwards: it goes on, whole, with all that was acknowledged, and nothing twice. */
async function judge(blobs: BlobStore, acknowledged: readonly Receipt[], what: string): Promise<void> {
  const log = await openOn(blobs, true);
  await log.append([Buffer.from('{"next":true}')]);
  await log.sequence();
  await log.publish();
  await witnessLog({ blobs, keys, ...witness, clock, remember: async () => undefined });
  const { findings } = await verifyLog({ blobs, keys, open, witnesses: [witness.key] });
  expect(
    findings.filter(({ severity }) => severity === 'damage'),
    what,
  ).toEqual([]);
  const reader = await openLogReader({ blobs, keys });
  const times = new Map<string, number>();
  for await (const { bytes } of reader.records(0, reader.size)) times.set(sha256(bytes), (times.get(sha256(bytes)) ?? 0) + 1);
  expect(Math.max(...times.values()), what).toBe(1);
  for (const receipt of acknowledged) {
    expect(times.get(receipt.record), what).toBe(1);
    const proof = verifyRecordProof((await log.prove(receipt))!, { keys, witnesses: [], count: 0 });
    expect(sha256(proof.bytes), what).toBe(receipt.record);
  }
}

type Plan = { name: string; faultAt: (failing: number) => (write: number) => WriteFault | undefined };
const plans: Plan[] = [
  { name: 'failed', faultAt: (failing) => (write) => (write === failing ? 'failed' : undefined) },
  { name: 'failed but persisted', faultAt: (failing) => (write) => (write === failing ? 'failed but persisted' : undefined) },
  {
    name: 'failed, and again',
    faultAt: (failing) => (write) => (write === failing || write === failing + 1 ? 'failed' : undefined),
  },
  {
    name: 'failed but persisted, then failed',
    faultAt: (failing) => (write) => (write === failing ? 'failed but persisted' : write === failing + 1 ? 'failed' : undefined),
  },
  { name: 'failed, and so from then on', faultAt: (failing) => (write) => (write >= failing ? 'failed' : undefined) },
];

describe.each([
  ['with the log key', true, 15, plans],
  ['without the log key', false, 7, plans.slice(1, 3)],
] as const)('at each write of a run %s', (_, withKey, atLeast, plans) => {
  test.each(plans)(
    'that $name, nothing acknowledged is lost, and the log goes on',
    { timeout: 120_000 },
    async ({ name, faultAt }) => {
      for (let failing = 0; ; failing++) {
        const blobs = createEditableBlobStore();
        blobs.restore(base);
        const store = createFaultyBlobStore(blobs, faultAt(failing));
        const acknowledged = await run({ log: await openOn(store, withKey), store });
        await judge(blobs, acknowledged, `${name} at write ${failing}`);
        if (store.writes() <= failing) {
          expect(acknowledged).toHaveLength(4);
          expect(failing).toBeGreaterThanOrEqual(atLeast);
          break;
        }
      }
    },
  );
});

test('one write that fails is made up for: the run is told of nothing', async () => {
  for (const fault of ['failed', 'failed but persisted'] as const) {
    for (let failing = 0; failing < 12; failing++) {
      const blobs = createEditableBlobStore();
      blobs.restore(base);
      const log = await openOn(
        createFaultyBlobStore(blobs, (write) => (write === failing ? fault : undefined)),
        true,
      );
      expect(await log.append([testIntent('a')])).toHaveLength(1);
      expect(await log.append([testResult('a', [testIntent('a')])])).toHaveLength(1);
    }
  }
});

test('a store that hangs keeps whoever appends waiting, and acknowledges nothing', async () => {
  const blobs = createEditableBlobStore();
  const log = await openOn(
    createFaultyBlobStore(blobs, () => 'hung'),
    true,
  );
  const waiting = Symbol('waiting');
  const first = log.append([testIntent('a')]).then(() => 'acknowledged');
  expect(await Promise.race([first, new Promise((resolve) => setTimeout(resolve, 100, waiting))])).toBe(waiting);
  expect(blobs.keys()).toEqual([]);
});

/** Transactions over a store in memory: one at a time takes effect, and what is pushed may be lost, or its answer. */
function transactionsOn(
  blobs: EditableBlobStore,
  faults: (push: number) => WriteFault | 'overtaken' | undefined,
): Transactions & { pushes(): number } {
  let pushes = 0;
  return {
    pushes: () => pushes,
    async transact(work) {
      for (;;) {
        const view = createEditableBlobStore();
        const before = blobs.copy();
        view.restore(before);
        const result = await work(view);
        const fault = faults(pushes++);
        if (fault === 'failed') throw new SignwrightError('unreachable', 'the push failed');
        if (fault === 'overtaken') {
          await (await openOn(blobs, true)).append([Buffer.from(`{"overtaken":${pushes}}`)]);
          continue;
        }
        blobs.restore(view.copy());
        if (fault === 'failed but persisted') throw new SignwrightError('unreachable', 'the answer to the push was lost');
        return result;
      }
    },
  };
}

describe('in transactions', () => {
  const opened = async (faults: Parameters<typeof transactionsOn>[1] = () => undefined) => {
    const blobs = createEditableBlobStore();
    blobs.restore(base);
    const transactions = transactionsOn(blobs, faults);
    return { blobs, transactions, log: await openOn(blobs, true, transactions) };
  };

  test('a run is two pushes, whatever it appends, with its records in order', async () => {
    const { log, transactions, blobs } = await opened();
    const intents = Array.from({ length: 40 }, (_, i) => testIntent(`${i}`));
    await log.append(intents);
    const receipts = await log.append(intents.map((intent, i) => testResult(`${i}`, [intent])));
    expect(transactions.pushes()).toBe(2);
    for (const receipt of receipts) expect(await log.prove(receipt)).toBeDefined();
    await log.publish();
    await judge(blobs, receipts, 'all is well');
  });

  test.each(['failed', 'failed but persisted', 'overtaken'] as const)(
    'a push that is %s loses nothing, and writes nothing twice',
    async (fault) => {
      for (let failing = 0; failing < 5; failing++) {
        const { log, blobs } = await opened((push) => (push === failing ? fault : undefined));
        const acknowledged = await run({ log, store: blobs });
        if (fault !== 'failed' || failing !== 2) expect(acknowledged).toHaveLength(4);
        await judge(blobs, acknowledged, `${fault} at push ${failing}`);
      }
    },
  );

  test('one whose answer is lost, and whose place others take meanwhile, is found again among theirs', async () => {
    const { log, blobs } = await opened((push) => (push === 0 ? 'failed but persisted' : push < 12 ? 'overtaken' : undefined));
    const receipts = await log.append([testIntent('a')]);
    await judge(blobs, receipts, 'found again');
  });

  test('pushes that fail on and on are unreachable, and the log goes on without them', async () => {
    const { log, blobs } = await opened(() => 'failed');
    await expect(log.append([testIntent('a')])).rejects.toMatchObject({ code: 'unreachable' });
    await judge(blobs, [], 'down');
  });
});
