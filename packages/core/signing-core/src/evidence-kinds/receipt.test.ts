import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { sha256 } from '../formats/digest.ts';
import { kindOf } from './kind-of.ts';
import { type EvidenceReceipt, readReceipt, writeReceipt } from './receipt.ts';

const receipt: EvidenceReceipt = {
  origin: 'log.acme.example/signing',
  record: sha256('record'),
  segment: 7,
  place: 3,
  evidence: sha256('bundle'),
};
const written = writeReceipt(receipt);
const changed = (change: (text: string) => string): Buffer => Buffer.from(change(written.toString()));

describe('a receipt', () => {
  test('is written as RFC 8785 and read back', () => {
    expect(written.toString()).toBe(
      `{"evidence":"${sha256('bundle')}","origin":"log.acme.example/signing","place":3,"record":"${sha256('record')}","segment":7,"type":"https://signwright.dev/receipt/v1"}`,
    );
    expect(readReceipt(written)).toEqual(receipt);
    expect(kindOf(written)).toBe('receipt');
  });

  test('of any log, record and place comes back as it was written, and is recognised', () => {
    const digest = fc.string().map(sha256);
    const fields = fc.record({
      origin: fc.stringMatching(/^[a-z0-9./é-]{1,255}$/),
      record: digest,
      segment: fc.maxSafeNat(),
      place: fc.maxSafeNat(),
      evidence: digest,
    });
    fc.assert(
      fc.property(fields, (each) => {
        const bytes = writeReceipt(each);
        expect(readReceipt(bytes)).toEqual(each);
        expect(kindOf(bytes)).toBe('receipt');
      }),
    );
  });

  test.each<[string, (text: string) => string]>([
    ['with a space', (text) => text.replace(':3', ': 3')],
    ['with a line end', (text) => `${text}\n`],
    ['in another order', (text) => text.replace(/^\{("evidence":"[^"]*"),("origin":"[^"]*")/, '{$2,$1')],
    ['with an escaped letter', (text) => text.replace('log.', '\\u006cog.')],
    ['with a number in another form', (text) => text.replace(':7,', ':7.0,')],
    ['with a key twice', (text) => text.replace('"place":3', '"place":3,"place":3')],
    ['with one more field', (text) => text.replace('"place":3', '"place":3,"proved":true')],
    ['with a field less', (text) => text.replace('"place":3,', '')],
    ['with a place before the first', (text) => text.replace(':3,', ':-1,')],
    ['with a place between two', (text) => text.replace(':3,', ':3.5,')],
    ['with a place as text', (text) => text.replace(':3,', ':"3",')],
    ['with a place no number holds', (text) => text.replace(':3,', ':9007199254740993,')],
    ['with a digest by another name', (text) => text.replace('"record":"sha256:', '"record":"sha512:')],
    ['with upper-case digits', (text) => text.replace(sha256('record'), sha256('record').toUpperCase())],
    ['of a log without a name', (text) => text.replace('log.acme.example/signing', '')],
    ['of a log with a space in its name', (text) => text.replace('log.', 'log ')],
    ['of a log with a plus in its name', (text) => text.replace('log.', 'log+')],
    ['of a log with a line end in its name', (text) => text.replace('log.', 'log\\n')],
    ['of a log with a name that runs backwards', (text) => text.replace('log.', '\u202elog.')],
    ['of a log with an endless name', (text) => text.replace('log.', 'l'.repeat(300))],
    ['of another version', (text) => text.replace('receipt/v1', 'receipt/v2')],
    ['that is nested', (text) => text.replace(':3,', ':[3],')],
    ['that is too long', (text) => text.replace('log.', 'l'.repeat(5000))],
    ['cut short', (text) => text.slice(0, -1)],
    ['that is nothing', () => ''],
    ['that is null', () => 'null'],
  ])('%s is refused', (_, change) => {
    expect(changed(change)).not.toEqual(written);
    expect(() => readReceipt(changed(change))).toThrowError(
      expect.objectContaining({ name: 'SignwrightError', code: 'invalid-input' }),
    );
  });

  test('that could not be read back is not written', () => {
    for (const wrong of [{ origin: 'two words' }, { segment: -1 }, { place: 0.5 }, { record: 'sha256:x' as const }]) {
      expect(() => writeReceipt({ ...receipt, ...wrong })).toThrowError(expect.objectContaining({ code: 'invalid-input' }));
    }
  });
});
