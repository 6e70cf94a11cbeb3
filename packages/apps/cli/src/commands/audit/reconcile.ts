import { createReadStream } from 'node:fs';
import type { CounterReading, KeyLogFormat, KeyLogTally, KeyUse } from '@signwright/audit-log';
import { safeJson } from '@signwright/report';
import { messageOf, SignwrightError } from '@signwright/signing-core';
import { parseInstant } from '../../context/instant.ts';
import { keyIdFrom } from '../../context/key-id.ts';
import { readLog } from '../../context/read-log.ts';
import type { Run } from '../../context/run.ts';
import { EXIT } from '../../exit.ts';
import { printLines } from '../../print-lines.ts';

export type ReconcileOptions = {
  readonly policy: string;
  readonly anchor?: string;
  /** The key by its public key's file, by its id, or by the signer of the policy whose key it is. */
  readonly key: string;
  readonly format?: KeyLogFormat;
  /** The key, as its service names it. */
  readonly keyName?: string;
  readonly counter?: readonly string[];
  readonly since?: string;
  readonly until?: string;
  /** Seconds. */
  readonly tolerance: number;
  readonly longestRun: number;
  readonly output: 'text' | 'json';
};

/**
 * `signwright audit reconcile`: holds the log against what a key's own log says. What the key signed and nobody recorded is a finding
 * (exit 1), and so is what was recorded and the key does not know.
 */
export async function auditReconcile(files: string[], options: ReconcileOptions, run: Run): Promise<number> {
  const log = await readLog(options);
  const key = await keyIdFrom(options.key, log.open);
  const reader = await log.reader();
  const { sealedBy } = await import('@signwright/audit-log');
  const sealed = await sealedBy({ blobs: log.store.blobs, next: reader.next, key, signal: run.signal });
  const common = {
    reader,
    key,
    toleranceMs: options.tolerance * 1000,
    longestRunMs: options.longestRun * 1000,
    signal: run.signal,
  };
  if (options.counter !== undefined) return byCounter(files, options, common, sealed);
  return byKeyLog(files, options, common, sealed);
}

type Common = Pick<
  Parameters<typeof import('@signwright/audit-log').reconcile>[0],
  'reader' | 'key' | 'toleranceMs' | 'longestRunMs' | 'signal'
>;
type Sealed = Awaited<ReturnType<typeof import('@signwright/audit-log').sealedBy>>;

async function byKeyLog(files: string[], options: ReconcileOptions, common: Common, sealed: Sealed): Promise<number> {
  const { format, keyName, since, until } = options;
  if (files.length === 0 || format === undefined || keyName === undefined || since === undefined || until === undefined) {
    throw new SignwrightError(
      'usage',
      "comparing with a key's own log takes its files, --format, --key-name, --since and --until",
      {
        next: 'or give two readings of a counter: --counter 2026-01-01=1200 --counter 2026-02-01=1260',
      },
    );
  }
  const { reconcile } = await import('@signwright/audit-log');
  const tally: KeyLogTally = { entries: 0, about: 0, others: new Set() };
  const result = await reconcile({
    ...common,
    keyLog: usesIn(files, format, keyName, tally),
    from: new Date(parseInstant(since, '--since')),
    until: new Date(parseInstant(until, '--until')),
    others: sealed,
  });
  if (tally.about === 0) throw notAbout(keyName, files, tally);
  const { uses, records, doubtful, findings, omitted } = result;
  if (options.output === 'json')
    process.stdout.write(safeJson({ version: 1, key: common.key, segments: sealed.length, ...result }));
  else
    printLines([
      ...findings.map(
        ({ kind, count, certain, uses: near, records: at }) =>
          `${kind === 'use-without-record' ? 'NOT RECORDED' : "RECORDED, NOT IN THE KEY'S LOG"} ${count}${certain ? '' : ` of ${Math.max(near.length, at.length)}`}: ${describe(near, at)}`,
      ),
      ...(omitted > 0 ? [`… and ${omitted} more`] : []),
      `the key's log: ${uses.done} signatures, ${uses.failed} failed, ${uses.repeated} twice; recorded: ${Object.entries(records)
        .map(([what, count]) => `${count} ${what}`)
        .join(', ')}; ${sealed.length} segments sealed by it`,
      ...(doubtful > 0 ? [`${doubtful} are accounted for by failures or intents without a result alone: look at them`] : []),
      findings.length === 0 ? 'everything the key signed is recorded' : 'what the key signed and what is recorded differ',
    ]);
  return findings.length === 0 ? EXIT.allow : EXIT.deny;
}

async function byCounter(files: string[], options: ReconcileOptions, common: Common, sealed: Sealed): Promise<number> {
  const [first, second, ...more] = (options.counter ?? []).map(readingOf);
  if (!first || !second || more.length > 0 || files.length > 0) {
    throw new SignwrightError('usage', 'a counter is compared by two readings, and by no files', {
      next: 'give --counter TIME=COUNT twice, the earlier first',
    });
  }
  const { reconcileCounter } = await import('@signwright/audit-log');
  const within = sealed.filter(({ from, until }) => until >= first.at && from <= second.at).length;
  const result = await reconcileCounter({ ...common, first, second, others: within });
  const { uses, signed, atMost, unrecorded, missing } = result;
  if (options.output === 'json') process.stdout.write(safeJson({ version: 1, key: common.key, segments: within, ...result }));
  else
    printLines([
      `the counter: ${uses} uses; recorded: ${signed} signatures for sure, ${atMost} at the most (with ${within} segments sealed by it)`,
      ...(unrecorded > 0 ? [`NOT RECORDED ${unrecorded} uses of the key`] : []),
      ...(missing > 0 ? [`NOT MADE ${missing} signatures that are recorded`] : []),
      ...(unrecorded + missing === 0 ? ['the log can account for every use of the key'] : []),
    ]);
  return unrecorded + missing === 0 ? EXIT.allow : EXIT.deny;
}

async function* usesIn(files: readonly string[], format: KeyLogFormat, key: string, tally: KeyLogTally): AsyncGenerator<KeyUse> {
  const { readKeyLog } = await import('@signwright/audit-log');
  for (const file of files) {
    const stream = createReadStream(file);
    const opened = new Promise<void>((resolve, reject) => stream.once('open', () => resolve()).once('error', reject));
    await opened.catch((cause: unknown) => {
      throw new SignwrightError('configuration', `${file} cannot be read: ${messageOf(cause)}`, { where: file, cause });
    });
    yield* readKeyLog(stream, { format, key, what: file, tally });
  }
}

/** Who compared nothing has found nothing: that must not read as if all were well. */
function notAbout(keyName: string, files: readonly string[], { entries, others }: KeyLogTally): SignwrightError {
  const which = files.length === 1 ? files[0] : `${files[0]} and ${files.length - 1} more`;
  const seen = others.size === 0 ? 'no key at all' : [...others].join(', ');
  return new SignwrightError('usage', `none of the ${entries} entries of ${which} is about ${keyName} (they name ${seen})`, {
    next: 'check --key-name, the region and the files',
  });
}

function readingOf(text: string): CounterReading {
  const [, time, count] = /^(.+)=(\d{1,15})$/.exec(text) ?? [];
  if (time === undefined || count === undefined) {
    throw new SignwrightError('usage', `--counter ${JSON.stringify(text)} is no reading`, {
      next: 'write it like 2026-01-31T12:00:00Z=1200',
    });
  }
  return { at: new Date(parseInstant(time, '--counter')), count: Number(count) };
}

function describe(uses: readonly KeyUse[], records: readonly number[]): string {
  const shown = uses
    .slice(0, 5)
    .map(({ id, at, by }) => `${new Date(at).toISOString()} ${id}${by === undefined ? '' : ` by ${by}`}`);
  const more = uses.length > shown.length ? ` and ${uses.length - shown.length} more` : '';
  const near = records.length === 0 ? 'no record is near' : `records ${records.slice(0, 10).join(', ')} are near`;
  return `${shown.join('; ') || 'no use is near'}${more}; ${near}`;
}
