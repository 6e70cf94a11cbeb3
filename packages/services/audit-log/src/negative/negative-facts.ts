import { type BlobStore, readRecord, SignwrightError, type VerifierKey } from '@signwright/signing-core';
import { originOf, type Segments } from '../context.ts';
import type { OpenLogReader } from '../open-log-reader.ts';
import type { Demand } from '../prove/prove.ts';
import { witnessedCheckpoints } from '../prove/witnessed.ts';
import { attestedAt, checkSeen } from './attested.ts';
import { collectFacts, type Facts, type NegativeQuestion } from './collect-facts.ts';
import { readOrdered } from './read-ordered.ts';
import { readWaiting } from './read-waiting.ts';

/** Where negative facts are read, and by whom they are believed. */
export type NegativeFactsOptions = Demand & {
  readonly blobs: BlobStore;
  readonly keys: readonly VerifierKey[];
  /** Opens the log as it is now. */
  readonly reader: () => Promise<OpenLogReader>;
  /** Opens a segment, as whoever orders them does. */
  readonly open: Segments['open'];
  /** Where the local index is kept; it is believed for what it does not find, so nobody else may write there. */
  readonly indexFile: string;
  readonly now: Date;
  /** How long ago, in seconds, witnesses may have attested what is read; any time unless told. */
  readonly maxAge?: number;
  readonly signal?: AbortSignal;
};

/** What the log says against artifacts, and up to where it was read. */
export type LogFacts = Facts & {
  readonly upTo: {
    /** Records in order; what waited for its order was read too. */
    readonly size: number;
    /** The newest time that enough witnesses attest; absent where nobody does. */
    readonly attested?: Date;
  };
};

/** Artifacts that are asked about in one go, at the most. */
const MOST = 10_000;

/**
 * What the log says against artifacts: which rejections and withdrawals it names, and which waivers that broke the glass nobody
 * reviewed. What witnesses cosigned → is the log that, grown? → is it new enough? → what waits for its order → what
 * is in order, with the reviews of all that was found.
 *
 * @throws SignwrightError where it cannot be known: `verification` where the log contradicts itself or its witnesses, or a segment
 * that waits cannot be read; `unreachable` where the store cannot be reached, or nobody attested it within `maxAge`; `usage` for
 * more than 10,000 artifacts; `cancelled`.
 */
export async function negativeFacts(question: NegativeQuestion, options: NegativeFactsOptions): Promise<LogFacts> {
  const { blobs, keys, witnesses, open, indexFile: file, signal } = options;
  if (question.digests.length > MOST) {
    throw new SignwrightError('usage', `${question.digests.length} artifacts at once`, { next: `ask for ${MOST} at the most` });
  }
  const cosigned = await witnessedCheckpoints(blobs, keys, witnesses);
  const reader = await options.reader();
  await checkSeen(cosigned, reader, keys);
  await reader.checkEnd(open);
  const attested = attestedAt(cosigned, keys, options);
  checkAge(attested, options);
  const collector = collectFacts(question);
  const index = { file, origin: originOf(keys), reader, reopen: options.reader, ...(signal ? { signal } : {}) };
  await readWaiting((bytes) => collector.take(readRecord(bytes).record), { blobs, open, from: reader.next });
  await readOrdered(collector, question, index);
  return { ...collector.facts(), upTo: { size: reader.size, ...(attested ? { attested } : {}) } };
}

function checkAge(attested: Date | undefined, { maxAge, now, count }: NegativeFactsOptions): void {
  if (maxAge === undefined) return;
  const age = attested === undefined ? undefined : Math.floor((now.getTime() - attested.getTime()) / 1000);
  if (age !== undefined && age <= maxAge) return;
  const who = count === 1 ? 'a witness' : `${count} witnesses`;
  const message =
    age === undefined
      ? `${who} must have cosigned the log within ${maxAge} s, and so many have not`
      : `${who} cosigned the log last ${age} s ago (${attested?.toISOString()}); the policy takes ${maxAge} s at the most`;
  throw new SignwrightError('unreachable', message, {
    next: 'run "signwright audit witness" where a witness is, and where segments wait "signwright audit sequence" before it',
  });
}
