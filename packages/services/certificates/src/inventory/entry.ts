import {
  canonicalJson,
  type FieldReader,
  fieldReader,
  isSha256,
  type Json,
  type JsonObject,
  parseStrictJson,
  REVOCATION_REASONS,
  SignwrightError,
} from '@signwright/signing-core';
import { type CertificateEvent, FOUND_IN } from './events.ts';

/** Bytes of one entry, at the most. */
export const MAX_ENTRY: number = 128 * 1024;

/** What was appended at once. */
export type Entry = { readonly id: string; readonly events: readonly CertificateEvent[] };

const VERSION = 1;

/** An entry as canonical JSON. */
export function writeEntry({ id, events }: Entry): Buffer {
  return Buffer.from(canonicalJson({ version: VERSION, id, events } as unknown as Json));
}

/** Entries that follow one another, as canonical JSON. */
export function writePage(entries: readonly Entry[]): Buffer {
  return Buffer.from(canonicalJson({ version: VERSION, entries } as unknown as Json));
}

/** @throws SignwrightError `verification` that names the blob. */
export function readEntry(bytes: Uint8Array, key: string): Entry {
  return reading(key, (read) => {
    const { version, ...entry } = read.object(parseStrictJson(bytes, { what: key, maxBytes: MAX_ENTRY }), '', [
      'version',
      'id',
      'events',
    ]);
    checkVersion(read, version);
    return entryOf(read, entry, '');
  });
}

/** @throws SignwrightError `verification` that names the blob, also where it holds more or fewer than `count`. */
export function readPage(bytes: Uint8Array, count: number, key: string): Entry[] {
  return reading(key, (read) => {
    const maxBytes = count * MAX_ENTRY;
    const fields = read.object(parseStrictJson(bytes, { what: key, maxBytes }), '', ['version', 'entries']);
    checkVersion(read, fields['version']);
    const entries = read.list(fields['entries'], 'entries');
    if (entries.length !== count) read.fail('entries', `must be ${count}`);
    return entries.map((one, at) => entryOf(read, read.object(one, `entries[${at}]`, ['id', 'events']), `entries[${at}].`));
  });
}

function reading<T>(key: string, work: (read: FieldReader) => T): T {
  try {
    return work(fieldReader(`${key} of the inventory of certificates`));
  } catch (cause) {
    if (!(cause instanceof SignwrightError) || cause.code !== 'invalid-input') throw cause;
    throw new SignwrightError('verification', cause.message, {
      where: key,
      next: 'the store was changed by something else: restore it from a backup; nothing is issued by it as it is',
      cause,
    });
  }
}

function checkVersion(read: FieldReader, version: Json | undefined): void {
  if (version !== VERSION) read.fail('version', `must be ${VERSION}`);
}

function entryOf(read: FieldReader, { id, events }: JsonObject, path: string): Entry {
  return {
    id: read.text(id, `${path}id`),
    events: read.list(events, `${path}events`).map((one, at) => eventOf(read, one, `${path}events[${at}]`)),
  };
}

type Check = (read: FieldReader, value: Json, path: string) => void;

const text: Check = (read, value, path) => void read.text(value, path);
const instant: Check = (read, value, path) => void read.instant(value, path);
const digest: Check = (read, value, path) =>
  void (isSha256(read.text(value, path)) || read.fail(path, 'is not a SHA-256 digest'));
const count: Check = (read, value, path) => void (Number.isSafeInteger(value) || read.fail(path, 'is not a whole number'));
const texts: Check = (read, value, path) => read.list(value, path).forEach((one, at) => void text(read, one, `${path}[${at}]`));
const digests: Check = (read, value, path) =>
  read.list(value, path).forEach((one, at) => void digest(read, one, `${path}[${at}]`));
const serial: Check = (read, value, path) =>
  void (/^([0-9a-f]{2}){1,32}$/.test(read.text(value, path)) || read.fail(path, 'is not a serial number in hex'));
const oneOf =
  (words: readonly string[]): Check =>
  (read, value, path) =>
    void (words.includes(read.text(value, path)) || read.fail(path, `is not one of ${words.join(', ')}`));

/** The fields of an event; those with `?` may be left out. */
type Fields = { readonly [field: string]: Check };

const USE: Fields = { 'owner?': text, 'purpose?': text, 'environments?': texts, 'keyReference?': text };
const ASKED: Fields = { 'job?': text, 'proofs?': digests, 'renews?': digest };

const FACTS: Fields = {
  digest,
  serial,
  issuer: text,
  subject: text,
  'san?': text,
  notBefore: instant,
  notAfter: instant,
  key: text,
};

const EVENTS: { readonly [type in CertificateEvent['type']]: Fields } = {
  reserved: {
    serial,
    authority: text,
    profile: text,
    key: text,
    san: text,
    issuer: text,
    notBefore: instant,
    notAfter: instant,
    requester: text,
    ...ASKED,
    ...USE,
  },
  issued: { authority: text, serial, digest },
  known: {
    found: oneOf(FOUND_IN),
    'place?': text,
    facts: (read, value, path) => checkFields(read, read.record(value, path), path, FACTS),
    'authority?': text,
    'profile?': text,
    'requester?': text,
    ...ASKED,
    ...USE,
  },
  described: { digest, 'owner?': text, 'purpose?': text },
  revoked: {
    'authority?': text,
    serial,
    'digest?': digest,
    reason: oneOf(Object.keys(REVOCATION_REASONS)),
    'invalidFrom?': instant,
    by: text,
    order: digest,
  },
  crl: { authority: text, number: count, thisUpdate: instant, nextUpdate: instant, digest },
  renewing: { digest, by: text, until: instant },
  alerted: { digest, threshold: count },
};

function eventOf(read: FieldReader, value: Json, path: string): CertificateEvent {
  const { type, at, ...fields } = read.record(value, path);
  const known = EVENTS[read.text(type, `${path}.type`) as CertificateEvent['type']];
  if (known === undefined) read.fail(`${path}.type`, 'is none that this version knows');
  read.instant(at, `${path}.at`);
  checkFields(read, fields, path, known);
  return value as unknown as CertificateEvent;
}

function checkFields(read: FieldReader, fields: JsonObject, path: string, known: Fields): void {
  for (const [name, check] of Object.entries(known)) {
    const key = name.replace('?', '');
    const value = fields[key];
    if (value !== undefined) check(read, value, `${path}.${key}`);
    else if (!name.endsWith('?')) read.fail(`${path}.${key}`, 'is missing');
  }
  const unknown = Object.keys(fields).find((key) => known[key] === undefined && known[`${key}?`] === undefined);
  if (unknown !== undefined) read.fail(path, `has the unknown field ${unknown}`);
}
