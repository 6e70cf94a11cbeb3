import type { JoinedEntry, LogQuery } from '@signwright/audit-log';
import { renderRows, safeJson } from '@signwright/report';
import { isSha256, type JsonObject, parseSha256, type Sha256, SignwrightError } from '@signwright/signing-core';
import { parseInstant } from '../../context/instant.ts';
import { signingKeyFrom } from '../../context/key-id.ts';
import { noteWaiting } from '../../context/note-waiting.ts';
import type { OpenPolicy, PolicyOptions } from '../../context/open-policy.ts';
import { readLog } from '../../context/read-log.ts';
import type { Run } from '../../context/run.ts';
import { EXIT } from '../../exit.ts';
import { printNote } from '../../print-lines.ts';

export type ListFormat = 'text' | 'json' | 'csv';
type LogOptions = PolicyOptions & { readonly output: ListFormat };

export type ListOptions = LogOptions & { readonly limit: number };

/** `signwright audit list`: the newest requests, each with what came of it. */
export async function auditList({ limit, ...options }: ListOptions): Promise<number> {
  const log = await readLog(options);
  const { listRequests } = await import('@signwright/audit-log');
  const reader = await log.reader();
  await print(await listRequests(reader, { limit }), options.output, { log: log.origin, size: reader.size });
  await noteWaiting(log, reader);
  return EXIT.allow;
}

/** `signwright audit show REQUEST`: all records of one request, whole, in the log's order. */
export async function auditShow(request: string, options: PolicyOptions, run: Run): Promise<number> {
  const log = await readLog(options);
  const { recordJson, showRequest } = await import('@signwright/audit-log');
  const reader = await log.reader();
  const records = await showRequest(reader, await requestOf(request, reader, run), run.signal);
  process.stdout.write(safeJson({ version: 1, log: log.origin, size: reader.size, records: records.map(recordJson) }));
  return EXIT.allow;
}

type Reader = { readonly size: number; records(from: number, to: number): AsyncIterable<{ index: number; bytes: Uint8Array }> };

/** A request by its id, or by the number of one of its records. */
async function requestOf(text: string, reader: Reader, { signal }: Run): Promise<Sha256> {
  if (isSha256(text)) return text;
  const { readRecord } = await import('@signwright/signing-core');
  if (/^(0|[1-9]\d{0,14})$/.test(text)) {
    for await (const { bytes } of reader.records(Number(text), Number(text) + 1)) {
      const { record } = readRecord(bytes);
      if ('request' in record) return record.request;
    }
  } else if (/^[0-9a-f]{8,63}$/.test(text)) {
    for await (const { bytes } of reader.records(0, reader.size)) {
      if (signal.aborted) throw new SignwrightError('cancelled', 'stopped while looking for the request');
      const { record } = readRecord(bytes);
      if ('request' in record && record.request.startsWith(`sha256:${text}`)) return record.request;
    }
  }
  throw new SignwrightError('usage', `${JSON.stringify(text)} names no request of the log`, {
    next: 'give its id, the beginning of it (8 digits or more), or the number of one of its records, as "signwright audit list" shows them',
  });
}

export type SearchOptions = LogOptions & {
  readonly limit: number;
  readonly cursor?: string;
  readonly index?: string;
  readonly artifact?: string;
  readonly digest?: string;
  readonly requester?: string;
  readonly certified?: true;
  readonly pipeline?: string;
  readonly key?: string;
  readonly certificate?: string;
  readonly tier?: string;
  readonly environment?: string;
  readonly signer?: string;
  readonly said?: string;
  readonly outcome?: NonNullable<LogQuery['outcome']>;
  readonly event?: string;
  readonly request?: string;
  readonly since?: string;
  readonly until?: string;
};

/** `signwright audit search`: the requests that all of the options hold for, by a local index that is brought up to date first. */
export async function auditSearch(options: SearchOptions, run: Run): Promise<number> {
  const asked = queryOf(options);
  const log = await readLog(options);
  const query = asked.key === undefined ? asked : { ...asked, key: await signingKeyFrom(asked.key, log.open) };
  noteUnknown(options, log.open);
  const { closeIndex, openIndex, search } = await import('@signwright/audit-log');
  const reader = await log.reader();
  const index = await openIndex({
    file: options.index ?? log.indexFile,
    origin: log.origin,
    reader,
    reopen: () => log.reader(),
    signal: run.signal,
  });
  try {
    const page = {
      limit: options.limit,
      signal: run.signal,
      ...(options.cursor === undefined ? {} : { cursor: options.cursor }),
    };
    const { entries, next } = await search(index, query, page);
    await print(entries, options.output, { log: log.origin, size: index.size, ...(next === undefined ? {} : { next }) });
    if (entries.length === 0 && options.artifact !== undefined && /^[^/*]+$/.test(options.artifact)) {
      printNote(`names are whole: try '**/${options.artifact}'`);
    }
    if (next !== undefined && options.output !== 'json') printNote(`there are more: --cursor ${next}`);
    await noteWaiting(log, reader);
  } finally {
    closeIndex(index);
  }
  return EXIT.allow;
}

function queryOf({ digest, request, since, until, ...options }: SearchOptions): LogQuery {
  const { artifact, requester, certified, pipeline, key, certificate, tier, environment, signer, said, outcome, event } = options;
  const plain = { artifact, requester, certified, pipeline, key, certificate, tier, environment, signer, said, outcome, event };
  return {
    ...(Object.fromEntries(Object.entries(plain).filter(([, value]) => value !== undefined)) as LogQuery),
    ...(digest === undefined ? {} : { digest: digestFrom(digest) }),
    ...(request === undefined ? {} : { request: digestFrom(request) }),
    ...(since === undefined ? {} : { since: new Date(parseInstant(since, '--since')) }),
    ...(until === undefined ? {} : { until: new Date(parseInstant(until, '--until')) }),
  };
}

/** As people copy it: with its prefix, or as `sha256sum` prints it. */
function digestFrom(text: string): Sha256 {
  return parseSha256(/^[0-9a-f]{64}$/.test(text) ? `sha256:${text}` : text);
}

/** A name that the policy does not have may stand in old records; it is a slip more often. */
function noteUnknown({ tier, signer, environment }: SearchOptions, { policy }: OpenPolicy): void {
  const tiers = policy.layers.flatMap(({ content }) => Object.keys(content.tiers ?? {}));
  const known = {
    tier: tiers,
    signer: [...policy.signers.keys(), ...policy.people.keys()],
    environment: ['default', ...policy.environments],
  };
  for (const [what, name] of Object.entries({ tier, signer, environment })) {
    if (name === undefined || known[what as keyof typeof known].includes(name)) continue;
    printNote(`the policy has no ${what} ${JSON.stringify(name)}`);
  }
}

async function print(entries: readonly JoinedEntry[], format: ListFormat, about: JsonObject): Promise<void> {
  const { briefRows, entryJson, fullRows } = await import('@signwright/audit-log');
  if (format === 'json') process.stdout.write(safeJson({ version: 1, ...about, requests: entries.map(entryJson) }));
  else if (format === 'csv') process.stdout.write(renderRows(fullRows(entries), 'csv'));
  else process.stdout.write(entries.length === 0 ? 'none\n' : renderRows(briefRows(entries), 'text'));
}
