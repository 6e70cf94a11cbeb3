import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { messageOf, SignwrightError } from '@signwright/signing-core';
import { azureNaming, readAzureAuditEvent } from './azure-audit-event.ts';
import { cloudTrailNaming, readCloudTrail } from './cloudtrail.ts';
import { googleNaming, readGoogleAuditLog } from './google-audit-log.ts';
import { jsonItems } from './json-items.ts';
import type { KeyLogTally, KeyNaming, KeyUse, ReadKeyUse } from './key-use.ts';

/** Whose log it is, and the name of its list where its entries are in one. */
type Format = { readonly read: ReadKeyUse; readonly naming: KeyNaming; readonly list: string };
const FORMATS: { readonly [format in KeyLogFormat]: Format } = {
  cloudtrail: { read: readCloudTrail, naming: cloudTrailNaming, list: 'Records' },
  google: { read: readGoogleAuditLog, naming: googleNaming, list: 'entries' },
  azure: { read: readAzureAuditEvent, naming: azureNaming, list: 'records' },
};
export type KeyLogFormat = 'cloudtrail' | 'google' | 'azure';

export type KeyLogOptions = {
  readonly format: KeyLogFormat;
  /** The key, as its service names it: an ARN or id, a resource name, a URL. */
  readonly key: string;
  /** The file, for messages. */
  readonly what: string;
  /** Counts what is read, over several files. */
  readonly tally?: KeyLogTally;
};

/** Bytes of a file once it is unpacked, at the most. */
const MAX_FILE = 16 * 1024 ** 3;

/**
 * Reads the uses of one key to sign from a file of its service's log, packed with gzip or not: AWS CloudTrail, Google Cloud Audit
 * Logs, Azure Key Vault's AuditEvent. Other events are passed over; other fields are not looked at. Only one entry is held.
 *
 * @throws SignwrightError `invalid-input` where the file is none of this service, or an entry lacks what it must have.
 */
export async function* readKeyLog(
  chunks: AsyncIterable<Uint8Array>,
  { format, key, what, tally }: KeyLogOptions,
): AsyncGenerator<KeyUse> {
  const { read, naming, list } = FORMATS[format];
  let number = 0;
  for await (const entry of jsonItems(bounded(unpacked(chunks, what), what), list, what)) {
    number++;
    if (tally) count(tally, naming.names(entry), (name) => naming.means(name, key));
    const use = read(entry, key, (why) => {
      throw new SignwrightError('invalid-input', `entry ${number} of ${what} is none of ${format}: ${why}`, {
        where: what,
        next: 'pass the file as its service exported it, and say which service it is of',
      });
    });
    if (use !== undefined) yield use;
  }
}

/** Names that are kept for a message, and their length. */
const NAMES = { most: 5, length: 200 };

function count(tally: KeyLogTally, names: readonly string[], isKey: (name: string) => boolean): void {
  tally.entries++;
  if (names.some(isKey)) tally.about++;
  else for (const name of names) if (tally.others.size < NAMES.most) tally.others.add(name.slice(0, NAMES.length));
}

async function* bounded(chunks: AsyncIterable<Uint8Array>, what: string): AsyncGenerator<Uint8Array> {
  let bytes = 0;
  for await (const chunk of chunks) {
    bytes += chunk.length;
    if (bytes > MAX_FILE)
      throw new SignwrightError('invalid-input', `${what} has more than ${MAX_FILE} bytes unpacked`, { where: what });
    yield chunk;
  }
}

/** Unpacks what begins as gzip does (RFC 1952). */
async function* unpacked(chunks: AsyncIterable<Uint8Array>, what: string): AsyncGenerator<Uint8Array> {
  const iterator = chunks[Symbol.asyncIterator]();
  try {
    let head = Buffer.alloc(0);
    for (let next = await iterator.next(); next.done !== true; next = await iterator.next()) {
      head = Buffer.concat([head, next.value]);
      if (head.length >= 2) break;
    }
    const whole = restOf(head, iterator);
    yield* head[0] === 0x1f && head[1] === 0x8b ? gunzipped(whole, what) : whole;
  } finally {
    await iterator.return?.();
  }
}

async function* restOf(head: Uint8Array, iterator: AsyncIterator<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield head;
  for (let next = await iterator.next(); next.done !== true; next = await iterator.next()) yield next.value;
}

async function* gunzipped(packed: AsyncIterable<Uint8Array>, what: string): AsyncGenerator<Uint8Array> {
  const gunzip = createGunzip();
  const packing = pipeline(Readable.from(packed), gunzip);
  packing.catch(() => undefined);
  try {
    for await (const chunk of gunzip as AsyncIterable<Buffer>) yield chunk;
    await packing;
  } catch (cause) {
    if (cause instanceof SignwrightError) throw cause;
    throw new SignwrightError('invalid-input', `${what} cannot be unpacked: ${messageOf(cause)}`, { where: what, cause });
  } finally {
    gunzip.destroy();
  }
}
