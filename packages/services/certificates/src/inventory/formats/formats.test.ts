import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Sha256 } from '@signwright/signing-core';
import { fulcioExtension, hasOpenssl, subjectAltName, TEST_SAN, testCertificate } from '@signwright/testkit';
import { afterAll, describe, expect, test } from 'vitest';
import { readFacts } from '../facts.ts';
import { inventoryOf } from '../inventory.ts';
import { newlyKnown } from '../newly-known.ts';
import { listCertificates } from '../view.ts';
import { certificatesIn } from './certificates-in.ts';
import { COLUMNS, certificateJson, certificateRow } from './fields.ts';
import { certificateOcsf } from './ocsf.ts';
import { contradictionsIn, readCsvRows, readJsonRows } from './read-rows.ts';

const one = testCertificate({
  subject: 'one',
  extensions: [subjectAltName(['uri', TEST_SAN]), fulcioExtension(8, 'https://issuer.example')],
});
const two = testCertificate({ subject: 'two' });
const pemOf = (der: Buffer, label = 'CERTIFICATE'): string =>
  `-----BEGIN ${label}-----\n${der.toString('base64').replace(/.{64}/g, '$&\n')}\n-----END ${label}-----\n`;
const at = '2026-11-23T12:00:00.000Z';
const now = Date.parse(at);

const found = newlyKnown(
  inventoryOf([]),
  [one, two].map(({ der }, index) => ({
    ...readFacts(der),
    found: 'file' as const,
    place: '/etc/a.pem',
    ...(index === 0
      ? { owner: 'team', purpose: 'releases', environments: ['production', 'test'], keyReference: 'awskms:///alias/a' }
      : {}),
  })),
  at,
);
const listed = listCertificates(inventoryOf(found), {}, now);
const csvOf = (rows: readonly (readonly string[])[]): { line: number; cells: readonly string[] }[] =>
  [COLUMNS.map(({ name }) => name), ...rows].map((cells, index) => ({ line: index + 1, cells }));

test('what a certificate says of itself', () => {
  const { facts } = readFacts(one.der);
  expect(facts).toMatchObject({ issuer: 'CN=one', subject: 'CN=one', san: TEST_SAN, notBefore: '2026-01-01T00:00:00.000Z' });
  expect(facts.serial).toBe(one.serialNumber.toString('hex'));
  expect(readFacts(two.der).facts.san).toBeUndefined();
});

test.each([
  ['none at all', Buffer.from('3003020101', 'hex'), 'cannot be read'],
  ['a name longer than anybody needs', testCertificate({ subject: 'x'.repeat(5000) }).der, 'has a name of 5003 characters'],
])('a certificate with %s is refused', (_, der, message) => {
  expect(() => readFacts(der, 'this one')).toThrow(message);
});

test('what an export writes an import reads: the facts, and what is said of it', () => {
  const rows = readCsvRows(csvOf(listed.map(certificateRow)), 'list.csv');
  const json = readJsonRows(JSON.parse(JSON.stringify(listed.map(certificateJson))) as unknown[], 'list.json');
  for (const { certificates, problems } of [rows, json]) {
    expect(problems).toEqual([]);
    const again = newlyKnown(
      inventoryOf([]),
      certificates.map(({ facts, use }) => ({ facts, found: 'file', place: '/etc/a.pem', ...use })),
      at,
    );
    expect(listCertificates(inventoryOf(again), {}, now)).toEqual(listed);
  }
});

describe('nonsense is refused by its line', () => {
  const good = listed.map(certificateRow)[0] as string[];
  const place = (name: string): number => COLUMNS.findIndex((column) => column.name === name);
  const changed = (name: string, text: string): string[] => good.map((cell, index) => (index === place(name) ? text : cell));
  test.each([
    ['digest', 'sha256:12', 'list.csv:2 digest is not sha256:'],
    ['serial', 'GG', 'list.csv:2 serial is not a number in lower-case hex: "GG"'],
    ['serial', '', 'list.csv:2 has no serial'],
    ['key', 'a2V5', 'list.csv:2 key is not base64 of a SHA-256'],
    ['not-after', '2026-02-31T00:00:00Z', 'list.csv:2 not-after is not a time'],
    ['not-after', '2020-01-01T00:00:00Z', 'before it begins'],
    ['owner', 'a\nb', 'list.csv:2 owner has control characters'],
    ['owner', '\ud800', 'list.csv:2 owner has control characters'],
    ['subject', 'x'.repeat(5000), 'list.csv:2 subject has 5000 characters'],
    ['environments', 'production, test', 'environments are not the names of some'],
  ])('%s %j', (name, text, message) => {
    const { problems, certificates } = readCsvRows(csvOf([changed(name, text)]), 'list.csv');
    expect(certificates).toEqual([]);
    expect(problems[0]).toContain(message);
  });

  test('a column that is unknown, twice there, or missing', () => {
    const read =
      (...cells: string[]) =>
      (): unknown =>
        readCsvRows([{ line: 1, cells }], 'list.csv');
    expect(read('digest', 'colour')).toThrow('has the unknown column "colour"');
    expect(read('digest', 'digest')).toThrow('has the column "digest" twice');
    expect(read('digest', 'serial')).toThrow('has no column issuer');
    expect(() => readCsvRows([], 'list.csv')).toThrow('has no header');
  });

  test('JSON of other shapes', () => {
    const good = JSON.parse(JSON.stringify(certificateJson(listed[0] as (typeof listed)[0]))) as object;
    const { problems } = readJsonRows(
      [good, 7, { ...good, colour: 1 }, { ...good, owner: 1 }, { ...good, environments: 'x y' }],
      'l.json',
    );
    expect(problems).toEqual([
      'l.json: certificates[1] is no object',
      'l.json: certificates[2] has the unknown field "colour"',
      'l.json: certificates[3] owner is no text',
    ]);
  });

  test('two rows that cannot both be true', () => {
    const other = changed('digest', `sha256:${'a'.repeat(64)}`);
    const later = changed('not-after', '2036-01-01T00:00:00.000Z');
    const { certificates } = readCsvRows(csvOf([good, good, other, later]), 'list.csv');
    expect(contradictionsIn(certificates)).toEqual([
      'list.csv:4 has the serial number of list.csv:2, of the same issuer, and is another certificate',
      expect.stringMatching(/^list\.csv:5 says something else of sha256:.* than list\.csv:2$/),
    ]);
  });

  test('a serial number without a certificate is none, and counted', () => {
    expect(readCsvRows(csvOf([changed('digest', '')]), 'list.csv')).toMatchObject({
      certificates: [],
      problems: [],
      reserved: 1,
    });
  });
});

describe('certificates in files', () => {
  const directory = mkdtempSync(join(tmpdir(), 'signwright-certificates-'));
  afterAll(() => rmSync(directory, { recursive: true, force: true }));
  const ders = async (bytes: Buffer): Promise<Buffer[]> => (await certificatesIn(bytes, 'a file')).map(({ der }) => der);

  test('in PEM, with the line of each, and in DER', async () => {
    const text = `a comment\n${pemOf(one.der)}\n${pemOf(two.der)}`;
    const lines = text.split('\n');
    expect(await certificatesIn(Buffer.from(text), 'a.pem')).toEqual([
      { der: one.der, line: 2 },
      { der: two.der, line: lines.lastIndexOf('-----BEGIN CERTIFICATE-----') + 1 },
    ]);
    expect(await ders(one.der)).toEqual([one.der]);
  });

  test.skipIf(!hasOpenssl)('in PKCS#7 as openssl writes it, and in its own trusted form', async () => {
    writeFileSync(join(directory, 'all.pem'), pemOf(one.der) + pemOf(two.der));
    const run = (...args: string[]): Buffer => execFileSync('openssl', args, { cwd: directory });
    const both = [one.der, two.der].sort(Buffer.compare);
    for (const form of ['PEM', 'DER']) {
      const bag = run('crl2pkcs7', '-nocrl', '-certfile', 'all.pem', '-outform', form);
      expect((await ders(bag)).sort(Buffer.compare)).toEqual(both);
    }
    run('x509', '-in', 'all.pem', '-addtrust', 'codeSigning', '-trustout', '-out', 'trusted.pem');
    expect(await ders(readFileSync(join(directory, 'trusted.pem')))).toEqual([one.der]);
  });

  test('in nothing else', async () => {
    expect(await ders(Buffer.from('a text'))).toEqual([]);
    expect(await ders(Buffer.alloc(0))).toEqual([]);
    expect(await ders(Buffer.from('3082010a', 'hex'))).toEqual([]);
    expect(await ders(Buffer.from(pemOf(one.der, 'PRIVATE KEY')))).toEqual([]);
    await expect(ders(Buffer.from(pemOf(Buffer.from('3003020101', 'hex'), 'PKCS7')))).rejects.toThrow(
      'PKCS#7 that cannot be read',
    );
  });
});

test("OCSF has the certificate as a managed entity that was read, in the schema's own object for one", () => {
  const [first] = listed;
  if (first === undefined) throw new Error('one is listed');
  const event = certificateOcsf({ ...first, digest: first.digest as Sha256 }, now, '/var/inventory');
  expect(event).toMatchObject({
    class_uid: 3004,
    category_uid: 3,
    activity_id: 2,
    type_uid: 300402,
    time: now,
    metadata: { version: '1.9.0' },
    entity: {
      type_id: 99,
      type: 'Certificate',
      uid: first.digest,
      data: {
        certificate: {
          serial_number: first.serial,
          issuer: first.issuer,
          expiration_time: Date.parse(first.notAfter),
          fingerprints: [{ algorithm_id: 3, value: first.digest?.slice(7) }],
        },
      },
    },
    unmapped: { inventory: '/var/inventory', findings: first.findings },
  });
  const severities = listed.map((each) => (certificateOcsf(each, now, 'x') as { severity_id: number }).severity_id);
  expect(severities.sort()).toEqual([1, 2]);
});
