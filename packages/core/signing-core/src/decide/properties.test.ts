import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  AUDIT,
  approval,
  attestation,
  attested,
  authors,
  BY_JOB,
  BYTES,
  clicks,
  decided,
  duties,
  HOUR,
  job,
  keyOf,
  NOON,
  numberOf,
  part,
  person,
  recordsOf,
  role,
  signature,
  waiver,
  word,
} from '../../tests/decide-fixtures.ts';
import { TEST_RESULT } from '../attestations/predicate-types.ts';
import { sha256 } from '../formats/digest.ts';
import type { Requirement, RoleRule } from '../requirement.ts';
import type { Verdict } from '../verdict.ts';
import type { Verified, VerifiedStatement } from '../verify-evidence.ts';
import type { DecisionContext } from './context.ts';

const PEOPLE = ['ann', 'bob', 'cleo'];
const who = fc.constantFrom(...PEOPLE);
const salt = fc.nat(1);
const when = fc.constantFrom(NOON - 3 * HOUR, NOON - 2 * HOUR, NOON - HOUR, NOON - 1000, NOON + HOUR);

const ROLES: readonly RoleRule[] = [
  { id: 'a', members: PEOPLE.slice(0, 2).map((id) => ({ person: withTwoKeys(id) })) },
  { id: 'b', members: [{ person: withTwoKeys('bob'), until: NOON - HOUR }, { person: withTwoKeys('cleo') }] },
];

function withTwoKeys(id: string) {
  return person(id, { keys: [keyOf(id), { ...keyOf(`${id}2`), compromisedSince: NOON - HOUR }] });
}

const spoken = fc.record({
  by: who,
  second: fc.boolean(),
  at: when,
  salt,
  environment: fc.constantFrom('production', 'production', 'production', 'test'),
  requirements: fc.constantFrom(sha256('requirements'), sha256('requirements'), sha256('other')),
  digest: fc.constantFrom(BYTES, BYTES, BYTES, sha256('other')),
  expires: fc.option(fc.constantFrom(NOON - 1, NOON + HOUR), { nil: undefined, freq: 2 }),
  development: fc.constantFrom(false, false, false, true),
});
const said = (decision: 'approve' | 'reject' | 'withdraw') =>
  spoken.map(({ second, expires, ...one }) =>
    word(decision, {
      ...one,
      ...(second ? { key: `${one.by}2` } : {}),
      ...(expires === undefined || decision !== 'approve' ? {} : { expires }),
    }),
  );
const plain = fc.record({ by: who, at: when, salt }).map((one) => word('approve', one));
const waived = fc
  .record({ by: who, at: when, salt, requirement: fc.constantFrom(undefined, 'approval:a', 'attestation:test-result:build') })
  .map(({ requirement, ...one }) => waiver({ ...one, ...(requirement === undefined ? {} : { requirement }) }));
const tested = (result: string) =>
  fc.record({ at: when, salt }).map((one) => attestation(TEST_RESULT, { result, configuration: [] }, one));
const listed = fc
  .record({ by: fc.option(who, { nil: undefined }), at: when, salt })
  .map(({ by, ...one }) => authors({ authors: by === undefined ? [] : [{ platform: 'gitlab', id: String(numberOf(by)) }] }, one));
const clicked = fc
  .record({
    clicks: fc.array(fc.record({ by: who, decision: fc.constantFrom('approve', 'approve', 'reject'), at: when }), {
      maxLength: 2,
    }),
    at: when,
    salt,
  })
  .map(({ clicks: made, ...one }) => clicks(made, one));
const signed = fc.record({ at: when, salt }).map((one) => part('build', { ...one, author: job() }));

const positive = fc.oneof(
  { weight: 6, arbitrary: said('approve') },
  { weight: 1, arbitrary: waived },
  { weight: 1, arbitrary: tested('PASSED') },
  { weight: 1, arbitrary: signed },
);
const negative = fc.oneof(said('reject'), said('withdraw'));
type Piece = Verified | VerifiedStatement;
const heap = (of: fc.Arbitrary<Piece>, maxLength = 8): fc.Arbitrary<Piece[]> =>
  fc.uniqueArray(of, { selector: ({ evidence }) => evidence, maxLength });

const asked = fc
  .record({
    a: fc.integer({ min: 0, max: 2 }),
    b: fc.integer({ min: 0, max: 1 }),
    clicked: fc.boolean(),
    expire: fc.option(fc.constantFrom(1800, 7200), { nil: undefined, freq: 2 }),
    apart: fc.boolean(),
    tested: fc.boolean(),
    recorded: fc.boolean(),
  })
  .map(({ a, b, clicked: may, expire, apart, tested: test, recorded }): Requirement[] => {
    const of = (index: number, count: number) =>
      count === 0
        ? []
        : [approval(ROLES[index] as RoleRule, { count, ...(may ? { kind: 'platform' } : {}), ...(expire ? { expire } : {}) })];
    return [
      signature('build', BY_JOB),
      ...of(0, a),
      ...of(1, b),
      ...(apart ? [duties('author')] : []),
      ...(test ? [attested('test-result')] : []),
      ...(recorded ? [AUDIT] : []),
    ];
  });
const WAIVERS = { waivers: { role: role('w', ...PEOPLE), count: 2, maxAge: 86_400 } };
const PART = part('build', { author: job() });

/** All of it recorded, and every rejection and withdrawal named by the log. */
function judge(requirements: readonly Requirement[], found: readonly Piece[], named: readonly Piece[] = found): Verdict {
  const facts = named.flatMap((one) =>
    'said' in one && one.said.type === 'approval' && one.said.approval.decision !== 'approve' && one.digests.has(BYTES)
      ? [one.evidence]
      : [],
  );
  const context: Partial<DecisionContext> = {
    waivers: WAIVERS,
    records: recordsOf([...found, ...named]),
    negative: { named: new Map([[BYTES, facts]]) },
  };
  return decided(requirements, found, context);
}

describe('whatever people and machines said', () => {
  const anything = heap(fc.oneof({ weight: 3, arbitrary: positive }, negative, tested('FAILED'), listed, clicked), 10);

  test('the order in which it is found does not change the verdict', () => {
    const shuffled = anything.chain((found) =>
      fc.tuple(fc.constant(found), fc.shuffledSubarray(found, { minLength: found.length })),
    );
    fc.assert(
      fc.property(asked, shuffled, (requirements, [found, other]) => {
        expect(judge(requirements, [PART, ...other])).toEqual(judge(requirements, [PART, ...found]));
      }),
      { numRuns: 500 },
    );
  });

  test('one person never counts for two roles, nor twice for one', () => {
    let allowed = 0;
    fc.assert(
      fc.property(asked, heap(fc.oneof({ weight: 4, arbitrary: plain }, said('approve'), negative)), (requirements, found) => {
        const whose = new Map(
          found.map((one) => [one.evidence, 'said' in one && one.said.type === 'approval' ? one.said.approval.person : '']),
        );
        const { outcomes } = judge(requirements, [PART, authors({}), ...found]);
        const met = outcomes.filter(({ code }) => code === 'approved');
        const counted = met.flatMap(({ evidence }) => evidence.map((one) => whose.get(one)));
        const needed = requirements.reduce(
          (sum, one) => sum + (one.type === 'approval' && met.some(({ requirement }) => requirement === one.id) ? one.count : 0),
          0,
        );
        expect(new Set(counted).size).toBe(needed);
        if (met.length > 1) allowed++;
      }),
      { numRuns: 500 },
    );
    expect(allowed).toBeGreaterThan(5);
  });

  test('asking for more never lets more through', () => {
    const more = fc.constantFrom<(one: Requirement) => Requirement[]>(
      (one) => (one.type === 'approval' ? [{ ...one, count: one.count + 1 }] : [one]),
      (one) => (one.type === 'approval' ? [{ ...one, expire: 900 }] : [one]),
      (one) => (one.type === 'approval' ? [{ ...one, notBefore: NOON - 2 * HOUR }] : [one]),
      (one) => (one.type === 'approval' ? [{ ...one, kind: 'signed' }] : [one]),
      (one) => (one.type === 'duties' ? [{ ...one, apart: ['author', 'requester'] }] : [one]),
      (one) => (one.type === 'attestation' ? [{ ...one, maxAge: 1800 }] : [one]),
      (one) => (one.type === 'signature' ? [one, attested('vulnerabilities')] : [one]),
      (one) => (one.type === 'signature' ? [one, signature('other')] : [one]),
    );
    let allowed = 0;
    fc.assert(
      fc.property(asked, more, anything, (requirements, stricter, found) => {
        const all = [PART, authors({}), ...found];
        if (judge(requirements.flatMap(stricter), all).result !== 'allow') return;
        allowed++;
        expect(judge(requirements, all).result).toBe('allow');
      }),
      { numRuns: 1500 },
    );
    expect(allowed).toBeGreaterThan(50);
  });
});

describe('taking away', () => {
  test('what speaks for it never makes an allow', () => {
    let allowed = 0;
    const found = heap(fc.oneof({ weight: 3, arbitrary: positive }, negative, tested('FAILED')), 10);
    fc.assert(
      fc.property(asked, found, fc.nat(), (requirements, pieces, which) => {
        const good = pieces.filter((one) => !isNegative(one));
        const gone = good[which % Math.max(1, good.length)];
        const base = [authors({}), ...(which % 3 === 0 ? [] : [PART])];
        const fewer = judge(requirements, [...base, ...pieces.filter((one) => one !== gone)]);
        if (fewer.result !== 'allow') return;
        allowed++;
        expect(judge(requirements, [...base, ...pieces]).result).toBe('allow');
      }),
      { numRuns: 1500 },
    );
    expect(allowed).toBeGreaterThan(50);
  });

  test('a rejection or withdrawal that the log names never makes an allow', () => {
    let noticed = 0;
    const found = fc.tuple(heap(positive), heap(negative, 3));
    fc.assert(
      fc.property(asked, found, ([...requirements], [good, bad]) => {
        const all = [PART, authors({}), ...good, ...bad];
        const hidden = bad.filter((one) => 'digests' in one && one.digests.has(BYTES));
        fc.pre(hidden.length > 0 && requirements.some(({ type }) => type === 'approval'));
        const { result } = judge(requirements, [PART, authors({}), ...good], all);
        expect(['inconclusive', 'deny']).toContain(result);
        if (result === 'inconclusive') noticed++;
      }),
      { numRuns: 500 },
    );
    expect(noticed).toBeGreaterThan(50);
  });
});

function isNegative(one: Piece): boolean {
  if (!('said' in one)) return false;
  if (one.said.type === 'approval') return one.said.approval.decision !== 'approve';
  return one.said.type === 'attestation' && (one.statement.predicate as { result?: string }).result !== 'PASSED';
}
