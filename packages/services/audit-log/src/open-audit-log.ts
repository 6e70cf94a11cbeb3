import {
  type AuditLog as AuditLogPort,
  type BlobStore,
  type Receipt,
  type Sha256,
  type Signer,
  SignwrightError,
  type Transactions,
  verifierKeyOf,
} from '@signwright/signing-core';
import { checkSignsNow, type LogContext, originOf } from './context.ts';
import { publishHead } from './order/publish.ts';
import { createSequencer, type Sequencer } from './order/sequencer.ts';
import { type Demand, proveRecord } from './prove/prove.ts';
import { type Attempts, attemptsAt } from './segments/attempts.ts';
import { groupCommit } from './segments/group-commit.ts';
import type { RefusedSegment } from './segments/refuse-segments.ts';
import { directWriter } from './segments/write-direct.ts';
import { type Memory, transactionWriter } from './segments/write-in-transactions.ts';

/** What a log is opened with. */
export type AuditLogOptions = LogContext &
  Demand & {
    readonly blobs: BlobStore;
    /** Where the store has them, what is appended at once takes effect at once, with its place in the log. */
    readonly transactions?: Transactions;
  };

/** What ordering did: how many records and segments are in order now, and the segments that were not taken. */
export type Ordered = { readonly size: number; readonly segments: number; readonly refused: readonly RefusedSegment[] };

/** An audit log, with what beside the port a program needs of it. */
export type AuditLog = AuditLogPort & {
  /** Waits until what was appended here is in order, where the log key is, as far as the store can be reached. */
  settled(): Promise<void>;
  /** Orders every segment there is. Throws `configuration` without the log key. */
  sequence(): Promise<Ordered>;
  /** Publishes partial tiles and the checkpoint for outsiders. */
  publish(): Promise<void>;
  /** What the log knows of earlier attempts at a request, for the next one to be linked to. */
  attempts(request: Sha256): Promise<Attempts>;
};

/**
 * Opens a log on a blob store. Whoever has the log key puts what it appends in order at once, while its caller goes on; whoever has
 * not appends segments, which are in the log when somebody with the key has ordered them. Any number of processes may do either.
 *
 * @throws SignwrightError `configuration` where the key is none of the log's. Each call throws `verification` where the log's head
 * is not signed by it, contradicts itself or was rolled back, and `unreachable` where the store cannot be reached.
 */
export async function openAuditLog(options: AuditLogOptions): Promise<AuditLog> {
  const { blobs, transactions, keys, witnesses, count, signer } = options;
  const origin = originOf(keys);
  if (signer) await checkLogKey(signer, options);
  const memory: Memory = {};
  const sequencer = createSequencer(blobs, options);
  const direct = directWriter(blobs, options, sequencer);

  /** Does some work on the newest head: by itself, or as one transaction. */
  async function onNewest<T>(work: (sequencer: Sequencer, blobs: BlobStore) => Promise<T>): Promise<T> {
    if (!transactions) {
      await direct.ordered();
      await sequencer.reload();
      return work(sequencer, blobs);
    }
    const { result, seen } = await transactions.transact(async (view) => {
      const inside = createSequencer(view, options, memory.seen);
      const result = await work(inside, view);
      return { result, seen: await inside.seen() };
    });
    memory.seen = seen;
    return result;
  }

  function sequence(): Promise<Ordered> {
    return onNewest(async (sequencer) => {
      const refused = await sequencer.order(signer ?? missing());
      const { size, next } = await sequencer.head();
      return { size, segments: next, refused };
    });
  }

  return {
    append: groupCommit(origin, transactions ? transactionWriter(transactions, options, memory) : direct.write),
    async prove(receipt: Receipt) {
      checkReceipt(receipt, origin);
      await direct.ordered();
      let head = await sequencer.reload();
      if (head.next <= receipt.segment && signer) {
        await sequence();
        head = await sequencer.reload();
      }
      if (head.next <= receipt.segment) return undefined;
      return proveRecord({ blobs, keys, head, reader: sequencer.reader }, receipt, { witnesses, count });
    },
    settled: direct.ordered,
    sequence,
    publish: () =>
      onNewest(async (sequencer, blobs) => {
        if (signer) await sequencer.apply();
        return publishHead(blobs, keys, await sequencer.head(), sequencer.reader);
      }),
    async attempts(request) {
      await direct.indexed();
      return attemptsAt(blobs, request);
    },
  };
}

async function checkLogKey(signer: Signer, { keys, clock }: LogContext): Promise<void> {
  const own = verifierKeyOf(originOf(keys), await signer.publicKey(), 'log');
  const known = keys.find(({ text }) => text === own.text);
  if (known) return checkSignsNow(known, clock.now());
  throw new SignwrightError(
    'configuration',
    `the key ${own.text} is none of the log's: ${keys.map(({ text }) => text).join(', ')}`,
    {
      next: 'sign with the log key that the policy names, or name this one too',
    },
  );
}

function checkReceipt(receipt: Receipt, origin: string): void {
  if (receipt.origin === origin) return;
  throw new SignwrightError('verification', `the receipt is of the log ${receipt.origin}, and this one is ${origin}`, {
    next: 'open the log that the record was written to',
  });
}

function missing(): never {
  throw new SignwrightError('configuration', 'ordering records takes the log key, and none was given', {
    next: 'run "signwright audit sequence" where the log key is',
  });
}
