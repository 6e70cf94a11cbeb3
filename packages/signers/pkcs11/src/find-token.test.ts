import { type Pkcs11Reference, parseKeyReference } from '@signwright/signing-core';
import { describe, expect, test } from 'vitest';
import { chooseToken, type TokenFacts } from './find-token.ts';

const facts = (slotId: number, label: string, serial: string): TokenFacts => ({
  slotId,
  label,
  serial,
  manufacturer: 'Maker',
  model: 'Model 2',
});
const A = facts(1, 'release', '0a');
const B = facts(2, 'release', '0b');
const C = facts(3, 'test\u202e\u001b[2J', '0c');
const reference = (path: string): Pkcs11Reference => parseKeyReference(`pkcs11:${path};object=k`) as Pkcs11Reference;

describe('of the tokens present', () => {
  test.each([
    ['serial=0b', B],
    ['token=release;slot-id=1', A],
    ['model=Model%202;serial=0a', A],
    ['manufacturer=Maker;slot-id=3', C],
  ])('%s means one', (path, expected) => {
    expect(chooseToken([A, B, C], reference(path))).toBe(expected);
  });

  test('the only one need not be named', () => {
    expect(chooseToken([A], parseKeyReference('pkcs11:object=k') as Pkcs11Reference)).toBe(A);
  });

  test('two that match are refused, by their labels alone', () => {
    const choose = (): TokenFacts => chooseToken([A, B, C], reference('token=release'));
    expect(choose).toThrow('2 tokens match: "release", "release"');
  });

  test('none that matches is an error of the reference, where all have said who they are', () => {
    try {
      chooseToken([A, C], reference('token=Release'));
      expect.unreachable();
    } catch (error) {
      expect(error).toMatchObject({ code: 'configuration', message: 'no such token; there is "release", "test??[2J"' });
    }
  });

  test.each([
    ['none is there', [], 0],
    ['one does not say who it is', [A], 1],
  ])('it may be plugged in yet where %s', (_, present, silent) => {
    try {
      chooseToken(present, reference('token=other'), silent);
      expect.unreachable();
    } catch (error) {
      expect(error).toMatchObject({ code: 'unreachable', message: expect.stringMatching(/^the token is not there/) });
    }
  });
});
