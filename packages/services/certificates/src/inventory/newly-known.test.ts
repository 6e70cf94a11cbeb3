import { expect, test } from 'vitest';
import type { CertificateFacts } from './events.ts';
import { inventoryOf } from './inventory.ts';
import { contradiction, type FoundCertificate, newlyKnown } from './newly-known.ts';
import { listCertificates } from './view.ts';

const at = '2026-11-23T12:00:00.000Z';
const facts = (digit: string): CertificateFacts => ({
  digest: `sha256:${digit.repeat(64)}`,
  serial: `0${digit}`,
  issuer: 'CN=another CA',
  subject: `CN=${digit}`,
  notBefore: '2026-01-01T00:00:00.000Z',
  notAfter: `2027-01-0${digit}T00:00:00.000Z`,
  key: 'a2V5',
});
const inFile = (digit: string, more: object = {}): FoundCertificate => ({
  facts: facts(digit),
  found: 'file',
  place: '/etc/a.pem',
  ...more,
});

test('what is found once more is not new; that it is elsewhere too, or whose it is, is', () => {
  const first = newlyKnown(inventoryOf([]), [inFile('1'), inFile('1'), inFile('2')], at);
  expect(first).toHaveLength(2);
  const known = inventoryOf(first);
  expect(newlyKnown(known, [inFile('1'), inFile('2')], at)).toEqual([]);
  const more = newlyKnown(known, [inFile('1', { place: '/etc/b.pem' }), inFile('2', { owner: 'ann' })], at);
  expect(more).toHaveLength(2);
  const after = inventoryOf([...first, ...more]);
  expect(after.byDigest(facts('1').digest)?.found.map(({ place }) => place)).toEqual(['/etc/a.pem', '/etc/b.pem']);
  expect(after.byDigest(facts('2').digest)).toMatchObject({ owner: 'ann', subject: 'CN=2', found: [{ in: 'file' }] });
});

test('whoever finds it does not take it from its owner', () => {
  const first = newlyKnown(inventoryOf([]), [inFile('1', { owner: 'ann' })], at);
  expect(newlyKnown(inventoryOf(first), [inFile('1', { owner: 'bob' })], at)).toEqual([]);
});

test('what was found twice is said whose it is by the first who says so', () => {
  const events = newlyKnown(
    inventoryOf([]),
    [inFile('1'), inFile('1', { place: '/b', owner: 'ann' }), inFile('1', { owner: 'bob' })],
    at,
  );
  expect(inventoryOf(events).entries).toMatchObject([{ owner: 'ann' }]);
});

test('another content of the same digest is a contradiction', () => {
  const known = inventoryOf(newlyKnown(inventoryOf([]), [inFile('1')], at));
  expect(contradiction(known, facts('1'))).toBeUndefined();
  expect(contradiction(known, facts('2'))).toBeUndefined();
  expect(contradiction(known, { ...facts('1'), notAfter: '2036-01-01T00:00:00.000Z' })).toBe('notAfter');
  expect(contradiction(known, { ...facts('1'), serial: '02' })).toBe('serial');
});

test('a list is by filters that must all hold, those that end first before the others', () => {
  const events = newlyKnown(
    inventoryOf([]),
    [inFile('2', { owner: 'ann', purpose: 'x', environments: ['production'] }), inFile('1', { owner: 'ann' }), inFile('3')],
    at,
  );
  const now = Date.parse('2026-12-31T00:00:00Z');
  const list = (query: Parameters<typeof listCertificates>[1]): string[] =>
    listCertificates(inventoryOf(events), query, now).map(({ serial }) => serial);
  expect(list({})).toEqual(['01', '02', '03']);
  expect(list({ owner: 'ann' })).toEqual(['01', '02']);
  expect(list({ without: ['owner'] })).toEqual(['03']);
  expect(list({ without: ['purpose'] })).toEqual(['01', '03']);
  expect(list({ without: ['owner', 'purpose'] })).toEqual(['03']);
  // One that names no environment may sign for any.
  expect(list({ environment: 'production' })).toEqual(['01', '02', '03']);
  expect(list({ environment: 'test' })).toEqual(['01', '03']);
  expect(list({ expiresWithin: 2 * 86_400 })).toEqual(['01', '02']);
  expect(list({ status: ['expired', 'revoked'] })).toEqual([]);
  // What has ended does not end soon.
  const later = Date.parse('2027-01-01T12:00:00Z');
  expect(listCertificates(inventoryOf(events), { expiresWithin: 86_400 }, later).map(({ serial }) => serial)).toEqual(['02']);
  expect(listCertificates(inventoryOf(events), {}, now).map(({ findings }) => findings)).toEqual([
    ['no-purpose'],
    [],
    ['no-owner', 'no-purpose'],
  ]);
});

test('what a list says of a certificate is put right by whoever has it, and not the other way about', () => {
  const wrong: FoundCertificate = {
    facts: { ...facts('1'), notAfter: '2099-01-01T00:00:00.000Z', subject: 'CN=harmless' },
    found: 'import',
    owner: 'ann',
  };
  const listed = newlyKnown(inventoryOf([]), [wrong], at);
  const found = newlyKnown(inventoryOf(listed), [inFile('1')], at);
  expect(inventoryOf([...listed, ...found]).byDigest(facts('1').digest)).toMatchObject({ ...facts('1'), owner: 'ann' });
  const first = newlyKnown(inventoryOf([]), [inFile('1')], at);
  const later = newlyKnown(inventoryOf(first), [wrong], at);
  expect(inventoryOf([...first, ...later]).byDigest(facts('1').digest)).toMatchObject(facts('1'));
});
