import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  AUDIT,
  approval,
  attestation,
  attested,
  authors,
  BY_JOB,
  clicks,
  decided,
  duties,
  HOUR,
  job,
  NOON,
  outcomeOf,
  part,
  recordsOf,
  role,
  signature,
  waiver,
  word,
} from '../../tests/decide-fixtures.ts';
import { TEST_RESULT } from '../attestations/predicate-types.ts';
import type { Requirement } from '../requirement.ts';
import type { Verdict } from '../verdict.ts';
import type { Doubt, Verified, VerifiedStatement } from '../verify-evidence.ts';

type Piece = Verified | VerifiedStatement;
const UNKNOWN: Doubt = { status: 'unknown', message: 'whether it is revoked is not known: the CRL is stale' };
const REVOKED: Doubt = { status: 'revoked', message: 'it was revoked' };
const with_ = <T extends Piece>(one: T, revocation: Doubt): T => ({ ...one, revocation });
const unknown = <T extends Piece>(one: T): T => with_(one, UNKNOWN);
const revoked = <T extends Piece>(one: T): T => with_(one, REVOKED);

const SIGNED = [signature()];
const PART = part();
const R = role('r', 'ann', 'bob', 'cleo');
const APPROVED = [signature(), approval(R)];
const TESTED = [signature(), attested('test-result')];
const tested = (result: string, at: number): VerifiedStatement => attestation(TEST_RESULT, { result, configuration: [] }, { at });

describe('a signature under a revoked certificate', () => {
  test('is refused, and the verdict says why', () => {
    expect(decided(SIGNED, [revoked(PART)])).toMatchObject({
      result: 'deny',
      outcomes: [{ code: 'signatures-refused', refused: [{ code: 'certificate-revoked', message: 'it was revoked' }] }],
    });
  });

  test('does no harm beside another', () => {
    expect(decided(SIGNED, [revoked(PART), part('build', { salt: 1 })]).result).toBe('allow');
  });
});

describe('where nobody knows whether it is revoked', () => {
  test('a signature meets nothing: the verdict is inconclusive, and says why and what to do', () => {
    const verdict = decided(SIGNED, [unknown(PART)]);
    expect(verdict).toMatchObject({
      result: 'inconclusive',
      outcomes: [
        {
          status: 'inconclusive',
          code: 'revocation-unknown',
          message: UNKNOWN.message,
          evidence: [PART.evidence],
          refused: [{ evidence: PART.evidence, code: 'revocation-unknown' }],
        },
      ],
    });
    expect(verdict.outcomes[0]?.next?.text).toContain('signwright doctor');
  });

  test('a signature that is known to be good counts, whenever it was made', () => {
    for (const at of [NOON - HOUR, NOON - 1])
      expect(decided(SIGNED, [unknown(PART), part('build', { at, salt: 1 })]).result).toBe('allow');
  });

  test('one that would not count for another reason is refused all the same', () => {
    expect(decided(SIGNED, [unknown(part('other'))]).result).toBe('deny');
  });

  test('an approval meets nothing, nor does it wait for one that is there', () => {
    expect(outcomeOf(decided(APPROVED, [PART, unknown(word('approve', { by: 'ann' }))]), 'approval:r')).toMatchObject({
      status: 'inconclusive',
      code: 'revocation-unknown',
    });
    expect(decided(APPROVED, [PART, unknown(word('approve', { by: 'ann' })), word('approve', { by: 'bob' })]).result).toBe(
      'allow',
    );
  });

  test('approvals that are too few with it as well are pending', () => {
    const two = [signature(), approval(R, { count: 2 })];
    expect(decided(two, [PART, unknown(word('approve', { by: 'ann' }))]).result).toBe('pending');
  });

  test('a rejection stands', () => {
    const verdict = decided(APPROVED, [PART, word('approve', { by: 'ann' }), unknown(word('reject', { by: 'bob' }))]);
    expect(outcomeOf(verdict, 'approval:r')).toMatchObject({ status: 'unmet', code: 'rejected' });
  });

  test.each(['approve', 'withdraw'] as const)('a rejection is not taken back: %s', (decision) => {
    const found = [
      PART,
      word('reject', { by: 'ann', at: NOON - 2 * HOUR }),
      unknown(word(decision, { by: 'ann', at: NOON - HOUR })),
      word('approve', { by: 'bob' }),
    ];
    expect(decided(APPROVED, found).result).toBe('inconclusive');
  });

  test('a withdrawal takes an approval back', () => {
    const found = [PART, word('approve', { by: 'ann', at: NOON - HOUR }), unknown(word('withdraw', { by: 'ann' }))];
    expect(decided(APPROVED, found).result).not.toBe('allow');
  });

  test('the newest attestation decides nothing, and hides none that fails', () => {
    const [older, newer] = [NOON - 2 * HOUR, NOON - HOUR];
    expect(decided(TESTED, [PART, unknown(tested('PASSED', newer))]).result).toBe('inconclusive');
    expect(decided(TESTED, [PART, unknown(tested('PASSED', newer)), tested('FAILED', older)]).result).toBe('inconclusive');
    expect(decided(TESTED, [PART, tested('PASSED', newer), unknown(tested('FAILED', older))]).result).toBe('allow');
    expect(decided(TESTED, [PART, unknown(tested('FAILED', newer)), tested('PASSED', older)]).result).toBe('deny');
  });

  test('two attestations of which only one may count decide nothing, though an older one would', () => {
    const found = [
      tested('PASSED', NOON - 3 * HOUR),
      unknown(tested('FAILED', NOON - 2 * HOUR)),
      unknown(tested('PASSED', NOON - HOUR)),
    ];
    expect(decided(TESTED, [PART, ...found]).result).toBe('inconclusive');
  });

  test('a waiver waives nothing', () => {
    const context = { waivers: { waivers: { role: role('w', 'wim'), count: 1, maxAge: 86_400 } } };
    const demanded = [signature(), attested('test-result')];
    const given = waiver({ by: 'wim', requirement: 'attestation:test-result:build' });
    expect(decided(demanded, [PART, given], context).result).toBe('allow');
    expect(decided(demanded, [PART, unknown(given)], context).result).toBe('inconclusive');
    expect(decided(demanded, [PART, revoked(given)], context).result).toBe('deny');
  });

  test('a list of authors separates no duties', () => {
    const separated = [signature('build', BY_JOB), duties('author')];
    const made = part('build', { author: job() });
    expect(decided(separated, [made, authors({})]).result).toBe('allow');
    expect(decided(separated, [made, unknown(authors({}))]).result).toBe('inconclusive');
  });

  test('what was clicked on a platform approves nothing', () => {
    const clicked = [signature('build', BY_JOB), approval(R, { kind: 'platform' })];
    const made = part('build', { author: job() });
    const seen = clicks([{ by: 'ann' }]);
    expect(decided(clicked, [made, seen]).result).toBe('allow');
    expect(decided(clicked, [made, unknown(seen)]).result).toBe('inconclusive');
    expect(decided(clicked, [made, revoked(seen)]).result).toBe('pending');
  });

  test('its record is proved for itself', () => {
    const verdict = decided([AUDIT, ...SIGNED], [unknown(PART)], { records: recordsOf([PART]) });
    expect(verdict.outcomes.map(({ status }) => status).sort()).toEqual(['inconclusive', 'met']);
  });
});

describe('a certificate that is for some environments alone', () => {
  const by = (environments: readonly string[]): Piece => part('build', { author: { ...job(), environments } as never });
  const demanded = [signature('build', BY_JOB)];

  test('counts there', () => {
    expect(decided(demanded, [by(['test', 'production'])]).result).toBe('allow');
  });

  test.each([[['test']], [['Production']], [[]]])('and nowhere else: %j', (environments) => {
    expect(decided(demanded, [by(environments)])).toMatchObject({
      result: 'deny',
      outcomes: [{ refused: [{ code: 'other-environment' }] }],
    });
  });
});

describe('whatever is unknown', () => {
  const PEOPLE = ['ann', 'bob'];
  const spoken = fc.record({
    by: fc.constantFrom(...PEOPLE),
    at: fc.constantFrom(NOON - 3 * HOUR, NOON - 2 * HOUR, NOON - HOUR),
    salt: fc.nat(1),
  });
  const piece: fc.Arbitrary<Piece> = fc.oneof(
    spoken.map((one) => word('approve', one)),
    spoken.map((one) => word('reject', one)),
    spoken.map((one) => word('withdraw', one)),
    spoken.map(({ at, salt }) => part('build', { at, salt, author: job() })),
    fc
      .tuple(spoken, fc.constantFrom('PASSED', 'FAILED'))
      .map(([{ at, salt }, result]) => attestation(TEST_RESULT, { result, configuration: [] }, { at, salt })),
    spoken.map(({ by, at, salt }) => waiver({ by, at, salt, requirement: 'attestation:test-result:build' })),
    spoken.map(({ at, salt }) => authors({}, { at, salt })),
    fc
      .tuple(spoken, fc.constantFrom('approve' as const, 'reject' as const))
      .map(([{ by, at, salt }, decision]) => clicks([{ by, decision, at }], { at, salt })),
  );
  const heap = fc.uniqueArray(fc.tuple(piece, fc.constantFrom('known', 'known', 'unknown')), {
    selector: ([{ evidence }]) => evidence,
    maxLength: 7,
  });
  const demanded = fc
    .record({ count: fc.integer({ min: 0, max: 2 }), tested: fc.boolean(), apart: fc.boolean(), clicked: fc.boolean() })
    .map(({ count, tested: test, apart, clicked }): Requirement[] => [
      signature('build', BY_JOB),
      ...(count === 0 ? [] : [approval(role('r', ...PEOPLE), { count, ...(clicked ? { kind: 'platform' } : {}) })]),
      ...(test ? [attested('test-result')] : []),
      ...(apart ? [duties('author')] : []),
    ]);
  const judge = (requirements: readonly Requirement[], found: readonly Piece[]): Verdict =>
    decided(requirements, found, { waivers: { waivers: { role: role('w', ...PEOPLE), count: 1, maxAge: 86_400 } } });

  test('an allow stands, whichever of it turns out to be revoked', () => {
    let [allowed, doubted] = [0, 0];
    fc.assert(
      fc.property(demanded, heap, fc.nat(), (requirements, pieces, which) => {
        const known = [
          part('build', { author: job(), salt: 9 }),
          ...pieces.filter(([, is]) => is === 'known').map(([one]) => one),
        ];
        const doubtful = pieces.filter(([, is]) => is === 'unknown').map(([one]) => one);
        const { result } = judge(requirements, [...known, ...doubtful.map(unknown)]);
        if (result !== 'allow') return;
        allowed++;
        if (doubtful.length > 0) doubted++;
        const truth = doubtful.map((one, at) => ((which >> at) % 2 === 0 ? one : revoked(one)));
        expect(judge(requirements, [...known, ...truth]).result).toBe('allow');
      }),
      { numRuns: 3000 },
    );
    expect(allowed).toBeGreaterThan(100);
    expect(doubted).toBeGreaterThan(50);
  });

  test('where all that signs is unknown nothing is allowed', () => {
    fc.assert(
      fc.property(demanded, heap, (requirements, pieces) => {
        const found = pieces.map(([one, is]) => ('part' in one || is === 'unknown' ? unknown(one) : one));
        expect(judge(requirements, found).result).not.toBe('allow');
      }),
      { numRuns: 500 },
    );
  });
});
