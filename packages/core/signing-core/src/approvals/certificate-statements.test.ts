import { describe, expect, test } from 'vitest';
import { type Sha256, sha256 } from '../formats/digest.ts';
import { parseStatement } from '../statement.ts';
import { type AskedCertificate, MAX_CSR, readAskedCertificate, writeAskedCertificate } from './asked-certificate.ts';
import { type RevocationOrder, readRevocationOrder, writeRevocationOrder } from './revocation-order.ts';
import { givenAt, readSaid } from './said.ts';

const ASKED: AskedCertificate = {
  person: 'ann',
  profile: 'approvers',
  given: '2026-11-23T12:00:00Z',
  csr: Buffer.from('a request'),
  reason: 'release duty',
  policy: { name: 'central', digest: sha256('policy') },
};
const DIGEST: Sha256 = sha256('certificate');
const ORDER: RevocationOrder = {
  person: 'bob',
  given: '2026-11-23T12:00:00Z',
  reason: 'keyCompromise',
  invalidFrom: '2026-11-20T00:00:00Z',
  certificates: [{ authority: 'acme', serial: '0a', digest: DIGEST }, { authority: 'acme', serial: '0b' }, { serial: '0c' }],
  why: 'found in a log',
  policy: { digest: sha256('policy') },
};

type Changing = { predicate: { [key: string]: unknown }; subject: { name: string; digest: { sha256: string } }[] };

/** The statement with something else in it. */
function changed(payload: Buffer, change: (statement: Changing) => void) {
  const statement = JSON.parse(payload.toString()) as Changing;
  change(statement);
  return parseStatement(Buffer.from(JSON.stringify(statement)));
}

/** Sets a field of the predicate, or takes it out. */
function setting(field: string, value: unknown): (statement: Changing) => void {
  return ({ predicate }) => void Object.assign(predicate, { [field]: value });
}

/** Says something else of one of the certificates. */
function naming(at: number, fields: object): (statement: Changing) => void {
  return setting(
    'certificates',
    ORDER.certificates.map((one, index) => (index === at ? { ...one, ...fields } : one)),
  );
}

describe('a request for a certificate', () => {
  test('is read as it was written, and is about the request for the key', () => {
    const statement = parseStatement(writeAskedCertificate(ASKED));
    expect(statement.subject).toEqual([{ name: 'certificate request', sha256: sha256('a request').slice(7) }]);
    expect(readAskedCertificate(statement)).toEqual(ASKED);
    expect(givenAt(readSaid(statement))).toBe(Date.parse(ASKED.given));
    const { reason: _, ...without } = ASKED;
    expect(readAskedCertificate(parseStatement(writeAskedCertificate(without)))).toEqual(without);
  });

  test.each<[string, (statement: Changing) => void]>([
    ['another key', setting('csr', Buffer.from('other').toString('base64'))],
    [
      'a subject of something else',
      ({ subject }) => void Object.assign(subject[0] ?? {}, { digest: { sha256: '0'.repeat(64) } }),
    ],
    ['a second subject', ({ subject }) => void subject.push({ name: 'x', digest: { sha256: '0'.repeat(64) } })],
    ['a subject of another name', ({ subject }) => void Object.assign(subject[0] ?? {}, { name: 'release' })],
    ['no key', setting('csr', undefined)],
    ['a key that is too long', setting('csr', Buffer.alloc(MAX_CSR + 1).toString('base64'))],
    ['no person', setting('person', undefined)],
    ['a person of two lines', setting('person', 'ann\nbob')],
    ['no profile', setting('profile', undefined)],
    ['a time that is none', setting('given', 'yesterday')],
    ['no policy', setting('policy', undefined)],
    ['more than it may', setting('more', 1)],
  ])('is none with %s', (_, change) => {
    expect(() => readAskedCertificate(changed(writeAskedCertificate(ASKED), change))).toThrow(
      expect.objectContaining({ code: 'invalid-input' }),
    );
  });
});

describe('an order to revoke', () => {
  test('is read as it was written, and is found by the certificates', () => {
    const statement = parseStatement(writeRevocationOrder(ORDER));
    expect(statement.subject[0]).toEqual({ name: '0a', sha256: DIGEST.slice(7) });
    expect(new Set(statement.subject.map((one) => one.sha256)).size).toBe(3);
    expect(readRevocationOrder(statement)).toEqual(ORDER);
    expect(givenAt(readSaid(statement))).toBe(Date.parse(ORDER.given));
  });

  test.each<[string, (statement: Changing) => void]>([
    ['another certificate', naming(1, { serial: '0d' })],
    ['another digest', naming(0, { digest: sha256('x') })],
    ['a CA that is another', naming(1, { authority: 'x' })],
    ['a serial number that is none', naming(2, { serial: 'A' })],
    ['one more', setting('certificates', [...ORDER.certificates, { serial: '0e' }])],
    ['one fewer', setting('certificates', ORDER.certificates.slice(1))],
    ['a reason there is none of', setting('reason', 'toString')],
    ['a time that is none', setting('invalidFrom', 'yesterday')],
    ['no word of why', setting('why', '')],
    ['nobody who ordered it', setting('person', undefined)],
    ['more than it may', setting('more', 1)],
  ])('is none with %s', (_, change) => {
    expect(() => readRevocationOrder(changed(writeRevocationOrder(ORDER), change))).toThrow(
      expect.objectContaining({ code: 'invalid-input' }),
    );
  });
});
