import { describe, expect, test } from 'vitest';
import {
  AUDIT,
  approval,
  attested,
  CONTEXT,
  DEMANDED,
  decided,
  HOUR,
  keyOf,
  NOON,
  outcomeOf,
  part,
  person,
  recordsOf,
  review,
  role,
  signature,
  waiver,
  word,
} from '../../tests/decide-fixtures.ts';
import { sha256 } from '../formats/digest.ts';
import type { FreezeRequirement } from '../requirement.ts';
import type { Verdict } from '../verdict.ts';
import type { VerifiedStatement } from '../verify-evidence.ts';
import type { DecisionContext, WaiverTerms } from './context.ts';

const FREEZE: FreezeRequirement = {
  id: 'freeze',
  layer: 'central',
  waivable: true,
  type: 'freeze',
  freezes: [{ from: NOON - HOUR, until: NOON + HOUR }],
};
const SECURITY = role('security', 'ann', 'bob', 'cleo');
const OPS = role('ops', 'cleo', 'dora');
const DAY = 86_400;
const TWO: WaiverTerms = { waivers: { role: SECURITY, count: 2, maxAge: DAY } };
const ONE: WaiverTerms = { waivers: { role: SECURITY, count: 1, maxAge: DAY } };
const freeze = (by: string, more: object = {}) => waiver({ by, requirement: 'freeze', ...more });

function judge(given: readonly VerifiedStatement[], waivers = ONE, context: Partial<DecisionContext> = {}): Verdict {
  return decided([signature(), FREEZE], [part(), ...given], { waivers, ...context });
}

describe('a waiver', () => {
  test('by as many as the policy asks for stands in for what is not met, and the verdict says who and why', () => {
    const given = [freeze('ann'), freeze('bob')];
    expect(judge(given.slice(1), TWO).result).toBe('deny');
    const verdict = judge(given, TWO);
    expect(verdict.result).toBe('allow');
    expect(outcomeOf(verdict, 'freeze')).toMatchObject({
      status: 'waived',
      code: 'waived',
      message: expect.stringMatching(
        /^waived by ann \(until 2026-06-01T13:00:00\.000Z: a customer waits\), bob .*; without that: releases are frozen/,
      ) as string,
      evidence: given.map(({ evidence }) => evidence),
    });
    expect(verdict).not.toHaveProperty('unreviewed');
  });

  test('given twice by one person, under two keys, is one', () => {
    const two = role('security', { person: person('ann', { keys: [keyOf('ann'), keyOf('other')] }) }, 'bob');
    const terms = { waivers: { role: two, count: 2, maxAge: DAY } };
    expect(judge([freeze('ann'), freeze('ann', { key: 'other' })], terms).result).toBe('deny');
  });

  test.each<[string, object, string]>([
    ['of another environment', { environment: 'test' }, 'other-environment'],
    ['under other requirements', { requirements: sha256('other') }, 'other-requirements'],
    ['that is over', { expires: NOON }, 'expired'],
    ["in another's name", { person: 'bob' }, 'identity-mismatch'],
    ['of the future', { at: NOON + HOUR }, 'after-moment'],
    ['under a trial root', { development: true }, 'development-not-allowed'],
    ['under a key that is over', { key: 'old' }, 'key-outside-validity'],
  ])('%s does not count, and the verdict says why', (_, more, code) => {
    const ann = person('ann', { keys: [keyOf('ann'), { ...keyOf('old'), until: 0 }] });
    const terms = { waivers: { role: role('security', { person: ann }, 'bob'), count: 1, maxAge: DAY } };
    const given = freeze('ann', more);
    const verdict = judge([given], terms);
    expect(verdict.result).toBe('deny');
    expect(outcomeOf(verdict, 'freeze').refused).toMatchObject([{ evidence: given.evidence, code }]);
  });

  test('of other bytes, of another requirement, or by nobody of the role counts as little', () => {
    expect(judge([freeze('ann', { digest: sha256('other') })]).result).toBe('deny');
    expect(judge([waiver({ by: 'ann', requirement: 'window' })]).result).toBe('deny');
    expect(outcomeOf(judge([freeze('zoe')]), 'freeze').refused).toMatchObject([{ code: 'not-a-member' }]);
    const former = { waivers: { role: role('security', { person: person('ann'), until: NOON - HOUR }), count: 1, maxAge: DAY } };
    expect(judge([freeze('ann')], former).result).toBe('deny');
    expect(judge([freeze('ann', { at: NOON - HOUR - 1 })], former).result).toBe('allow');
  });

  test('counts no longer than the policy lets it, whatever it says itself', () => {
    const short = { waivers: { role: SECURITY, count: 1, maxAge: 3600 } };
    expect(judge([freeze('ann', { at: NOON - HOUR, expires: NOON + DAY * 1000 })], short).result).toBe('deny');
    expect(judge([freeze('ann', { at: NOON - HOUR + 1, expires: NOON + DAY * 1000 })], short).result).toBe('allow');
  });

  test('given before the policy voided all does not count', () => {
    expect(judge([freeze('ann')], { ...ONE, notBefore: NOON - HOUR + 1 }).result).toBe('deny');
    expect(judge([freeze('ann')], { ...ONE, notBefore: NOON - HOUR }).result).toBe('allow');
  });

  test('of a rule counts for what the rule demanded then', () => {
    const rule = sha256('rule');
    const given = freeze('ann', { rule });
    expect(judge([given], ONE, { rules: [rule] }).result).toBe('allow');
    expect(judge([given], ONE, { rules: [sha256('another rule')] }).result).toBe('deny');
    expect(judge([given], ONE, { rules: [rule], requirements: sha256('changed') }).result).toBe('deny');
  });

  test('counts by the one that was good, where the same person gave another that was not', () => {
    const good = freeze('ann', { at: NOON - 2 * HOUR });
    const outside = freeze('ann', { at: NOON - 1000 });
    const terms = { waivers: { role: role('security', { person: person('ann'), until: NOON - HOUR }), count: 1, maxAge: DAY } };
    expect(outcomeOf(judge([outside, good], terms), 'freeze').evidence).toEqual([good.evidence]);
  });

  test('is nobody’s where the policy says nothing of waivers', () => {
    expect(judge([freeze('ann')], {}).result).toBe('deny');
  });

  test('is told of where it would help', () => {
    expect(outcomeOf(judge([], TWO), 'freeze').next?.or).toEqual({
      text: '2 of security may waive it',
      command: 'signwright waive freeze app --environment production --reason …',
    });
  });
});

describe('nobody waives', () => {
  const all = (requirement?: string) =>
    ['ann', 'bob', 'cleo'].map((by) => waiver({ by, ...(requirement === undefined ? {} : { requirement }) }));
  const terms: WaiverTerms = { ...ONE, breakGlass: [{ role: SECURITY, count: 1, maxAge: DAY }] };

  test.each([
    ['a signature', 'signature:build', [signature()], []],
    ['separated duties', 'separation-of-duties', [signature(), dutiesOf()], [part()]],
  ] as const)('%s', (_, id, requirements, found) => {
    for (const given of [all(id), all()]) {
      expect(outcomeOf(decided(requirements, [...found, ...given], { waivers: terms }), id).status).not.toBe('waived');
    }
  });

  test('records', () => {
    const given = all();
    const context = { waivers: terms, records: recordsOf([part()]), negative: { named: new Map() } };
    const verdict = decided([signature(), FREEZE, AUDIT], [part(), ...given], context);
    expect(verdict.result).toBe('deny');
    expect(outcomeOf(verdict, 'audit')).toMatchObject({ status: 'unmet', code: 'no-record' });
    const recorded = { ...context, records: recordsOf([part(), ...given]) };
    expect(decided([signature(), FREEZE, AUDIT], [part(), ...given], recorded).result).toBe('allow');
  });

  test('a rejection', () => {
    const asked = approval(SECURITY);
    const found = [part(), word('reject', { by: 'bob' }), waiver({ by: 'ann', requirement: asked.id }), ...all()];
    expect(decided([signature(), asked], found, { waivers: terms }).result).toBe('deny');
    const silent = [part(), waiver({ by: 'ann', requirement: asked.id })];
    expect(decided([signature(), asked], silent, { waivers: terms }).result).toBe('allow');
  });

  test('what is not known: it may be met', () => {
    const asked = attested('test-result');
    const found = [part(), waiver({ by: 'ann', requirement: asked.id }), ...all()];
    expect(decided([signature(), asked], found, { waivers: terms, unreachable: 'down' }).result).toBe('inconclusive');
    const approvals = { waivers: terms, records: recordsOf(found), negative: { named: new Map(), unavailable: 'x' } };
    expect(decided([signature(), approval(OPS), AUDIT], found, approvals).result).toBe('inconclusive');
  });
});

function dutiesOf() {
  return {
    id: 'separation-of-duties',
    layer: 'central',
    waivable: false,
    type: 'duties',
    apart: ['author'],
    collectors: [],
  } as const;
}

describe('the glass', () => {
  const both: WaiverTerms = {
    breakGlass: [
      { role: SECURITY, count: 1, maxAge: 3600 * 2 },
      { role: OPS, count: 1, maxAge: DAY },
    ],
  };
  const glass = (by: string, more: object = {}) => waiver({ by, ...more });

  test('is broken by those of all layers together, each person once', () => {
    expect(judge([glass('ann')], both).result).toBe('deny');
    expect(judge([glass('cleo')], both).result).toBe('deny');
    expect(judge([glass('ann'), glass('bob')], both).result).toBe('deny');
    expect(judge([glass('cleo'), glass('dora')], both).result).toBe('allow');
    const verdict = judge([glass('ann'), glass('dora')], both);
    expect(verdict.result).toBe('allow');
    expect(outcomeOf(verdict, 'freeze').message).toMatch(/^the glass was broken by ann .*, dora /);
  });

  test('stays broken as long as each layer lets it', () => {
    expect(judge([glass('ann', { at: NOON - 2 * HOUR }), glass('dora')], both).result).toBe('deny');
    expect(judge([glass('ann'), glass('dora', { at: NOON - 20 * HOUR })], both).result).toBe('allow');
  });

  test('waives all that can be waived, and a waiver of one requirement that alone', () => {
    const asked = attested('test-result');
    const terms = { ...ONE, breakGlass: [{ role: SECURITY, count: 1, maxAge: DAY }] };
    const judgeBoth = (given: VerifiedStatement) =>
      decided([signature(), FREEZE, asked], [part(), given], { waivers: terms }).outcomes.map(({ status }) => status);
    expect(judgeBoth(glass('ann'))).toEqual(['met', 'waived', 'waived']);
    expect(judgeBoth(freeze('ann'))).toEqual(['met', 'unmet', 'waived']);
  });

  test('is broken by nobody where the policy lets nobody', () => {
    expect(judge([glass('ann'), glass('bob'), glass('cleo')], ONE).result).toBe('deny');
    expect(judge([glass('ann')], { breakGlass: [] }).result).toBe('deny');
  });

  test('must be reviewed, by somebody else who may approve or waive here', () => {
    const given = [glass('ann'), glass('dora')];
    const ids = given.map(({ evidence }) => evidence);
    const unreviewed = (...reviews: VerifiedStatement[]) => judge([...given, ...reviews], both).unreviewed;
    expect(unreviewed()).toEqual([...ids].sort());
    expect(unreviewed(review('bob', ids))).toBeUndefined();
    expect(unreviewed(review('bob', ids.slice(0, 1)))).toEqual(ids.slice(1));
    for (const by of ['ann', 'dora', 'zoe']) expect(unreviewed(review(by, ids))).toHaveLength(2);
    expect(unreviewed(review('bob', ids, { person: 'cleo' }))).toHaveLength(2);
    expect(unreviewed(review('bob', ids, { at: NOON + HOUR }))).toHaveLength(2);
  });

  test('broken earlier and not reviewed is told of too', () => {
    const earlier = sha256('earlier');
    expect(judge([freeze('ann')], ONE, { unreviewed: [earlier, earlier] }).unreviewed).toEqual([earlier]);
  });
});

test('where a record is required, waivers that have one count before those that have none', () => {
  const given = [freeze('ann'), freeze('bob')];
  const context = { waivers: ONE, records: recordsOf([part(), ...given.slice(1)]), requirements: DEMANDED };
  const verdict = decided([signature(), FREEZE, AUDIT], [part(), ...given], { ...CONTEXT, ...context });
  expect(verdict.result).toBe('allow');
  expect(outcomeOf(verdict, 'freeze').evidence).toEqual([given[1]?.evidence]);
});
