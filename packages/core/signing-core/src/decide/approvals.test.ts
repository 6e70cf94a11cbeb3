import { describe, expect, test } from 'vitest';
import {
  AUDIT,
  approval,
  BYTES,
  CONTEXT,
  decided,
  HOUR,
  keyOf,
  NOON,
  outcomeOf,
  part,
  person,
  recordsOf,
  role,
  signature,
  word,
} from '../../tests/decide-fixtures.ts';
import { sha256 } from '../formats/digest.ts';
import type { ApprovalRequirement } from '../requirement.ts';
import type { Outcome, Refusal } from '../verdict.ts';
import type { VerifiedStatement } from '../verify-evidence.ts';
import type { DecisionContext } from './context.ts';

const SECURITY = role('security', 'ann', 'bob', 'cleo');
const LEGAL = role('legal', 'cleo', 'dora');

function judge(
  asked: ApprovalRequirement | readonly ApprovalRequirement[],
  said: readonly VerifiedStatement[],
  context: Partial<DecisionContext> = {},
): Outcome {
  const requirements = Array.isArray(asked) ? asked : [asked as ApprovalRequirement];
  return outcomeOf(decided([signature(), ...requirements], [part(), ...said], context), requirements[0]?.id ?? '');
}

describe('an approval', () => {
  test('by a member of the role meets it, and the outcome says by whom, how and when', () => {
    const said = word('approve', { by: 'ann' });
    expect(judge(approval(SECURITY), [said])).toMatchObject({
      status: 'met',
      code: 'approved',
      message: 'approved by ann (signed, 2026-06-01T11:00:00.000Z)',
      evidence: [said.evidence],
    });
  });

  test('is missing until enough people gave it; one person with two keys is one', () => {
    const two = person('ann', { keys: [keyOf('ann'), keyOf('other')] });
    const asked = approval(role('security', { person: two }, 'bob'), { count: 2 });
    const said = [word('approve', { by: 'ann' }), word('approve', { by: 'ann', key: 'other', at: NOON - 1 })];
    expect(judge(asked, said)).toMatchObject({
      status: 'pending',
      code: 'approvals-missing',
      message: '1 of 2 of the role security approved',
      next: { text: 'bob may approve' },
    });
    expect(judge(asked, [...said, word('approve', { by: 'bob' })]).status).toBe('met');
  });

  test('of several roles comes from different people, found by matching and not by who came first', () => {
    const asked = [approval(SECURITY), approval(LEGAL)];
    const cleo = word('approve', { by: 'cleo' });
    const both = decided([signature(), ...asked], [part(), cleo]).outcomes.filter(({ code }) => code === 'approved');
    expect(both).toHaveLength(1);
    for (const other of ['ann', 'dora']) {
      const verdict = decided([signature(), ...asked], [part(), cleo, word('approve', { by: other })]);
      expect(verdict.result).toBe('allow');
    }
  });

  test('of one role that must sign and may click takes the higher count of people, not both together', () => {
    const asked = [approval(SECURITY), approval(SECURITY, { kind: 'platform', count: 2 })];
    const one = word('approve', { by: 'ann' });
    expect(decided([signature(), ...asked], [part(), one]).result).toBe('pending');
    expect(decided([signature(), ...asked], [part(), one, word('approve', { by: 'bob' })]).result).toBe('allow');
  });

  test.each<[string, Parameters<typeof word>[1], string]>([
    ['for other bytes', { by: 'ann', digest: sha256('other') }, ''],
    ['for another environment', { by: 'ann', environment: 'test' }, 'other-environment'],
    ['under other requirements', { by: 'ann', requirements: sha256('weaker') }, 'other-requirements'],
    ['under another name', { by: 'ann', name: 'other' }, 'other-artifact'],
    ['as another kind', { by: 'ann', kind: 'sbom' }, 'other-artifact'],
    ["in another's name", { by: 'ann', person: 'bob' }, 'identity-mismatch'],
    ['by nobody of the role', { by: 'zoe' }, 'not-a-member'],
    ['given after the moment that is asked about', { by: 'ann', at: NOON + HOUR }, 'after-moment'],
    ['whose time rests on a trial root', { by: 'ann', development: true }, 'development-not-allowed'],
    ['that has expired, as was signed', { by: 'ann', expires: NOON }, 'expired'],
  ])('%s does not count', (_, spoken, code) => {
    const said = word('approve', spoken);
    expect(judge(approval(SECURITY), [said])).toMatchObject({
      status: 'pending',
      evidence: [],
      refused: code === '' ? [] : [{ evidence: said.evidence, code }],
    });
  });

  test('expires when the policy or the person says so, whichever is sooner', () => {
    const said = (expires?: number) => [word('approve', { by: 'ann', at: NOON - HOUR, ...(expires ? { expires } : {}) })];
    const asked = (expire?: number) => approval(SECURITY, expire === undefined ? {} : { expire });
    expect(judge(asked(3601), said()).status).toBe('met');
    expect(judge(asked(3600), said()).refused).toMatchObject([{ code: 'expired' }]);
    expect(judge(asked(3601), said(NOON)).refused).toMatchObject([{ code: 'expired' }]);
    expect(judge(asked(3600), said(NOON + HOUR)).refused).toMatchObject([{ code: 'expired' }]);
    expect(judge(asked(), said(NOON + 1)).status).toBe('met');
  });

  test('does not expire where it runs already; what the policy voids stays void', () => {
    const said = [word('approve', { by: 'ann', expires: NOON - 1 })];
    expect(judge(approval(SECURITY, { expire: 1 }), said, { moment: 'run' }).status).toBe('met');
    const voided = judge(approval(SECURITY, { notBefore: NOON - HOUR + 1 }), said, { moment: 'run' });
    expect(voided.refused).toMatchObject([{ code: 'invalidated' }]);
  });

  test('given again under a shorter time does not take the first away', () => {
    const said = [word('approve', { by: 'ann' }), word('approve', { by: 'ann', at: NOON - 1000, expires: NOON - 500 })];
    expect(judge(approval(SECURITY), said)).toMatchObject({ status: 'met', evidence: [said[0]?.evidence], refused: [] });
  });

  test('of two files with the same bytes counts for each of them', () => {
    const artifacts = ['other', 'app'].map((name) => ({
      name,
      kind: 'package' as const,
      digest: BYTES,
      requirements: CONTEXT.requirements,
    }));
    expect(judge(approval(SECURITY), [word('approve', { by: 'ann', artifacts })]).status).toBe('met');
  });

  test('of these bytes under the name they were signed as counts too', () => {
    const signedAs = { name: 'dist/app.tgz', kind: 'package' as const };
    const verdict = decided([approval(SECURITY)], [word('approve', { by: 'ann', name: signedAs.name })], { signedAs });
    expect(verdict.result).toBe('allow');
  });
});

describe('the time of an approval', () => {
  const member = { person: person('ann'), from: NOON - 2 * HOUR, until: NOON - HOUR };
  test.each([
    [NOON - 2 * HOUR - 1, false],
    [NOON - 2 * HOUR, true],
    [NOON - HOUR - 1, true],
    [NOON - HOUR, false],
  ])('must lie within the membership: %d', (at, counts) => {
    const outcome = judge(approval(role('security', member)), [word('approve', { by: 'ann', at })]);
    expect(outcome.status).toBe(counts ? 'met' : 'pending');
    if (!counts) expect(outcome.refused).toMatchObject([{ code: 'not-a-member' }]);
  });

  test.each<[string, object, string]>([
    ['before the key counts', { from: NOON }, 'key-outside-validity'],
    ['after it counted', { until: NOON - HOUR }, 'key-outside-validity'],
    ['since it was compromised', { compromisedSince: NOON - HOUR }, 'key-compromised'],
  ])('must not lie %s', (_, times, code) => {
    const ann = person('ann', { keys: [{ ...keyOf('ann'), ...times }] });
    const asked = approval(role('security', { person: ann }));
    expect(judge(asked, [word('approve', { by: 'ann' })])).toMatchObject({ status: 'pending', refused: [{ code }] });
    const before = word('approve', { by: 'ann', at: NOON - HOUR - 1 });
    if (!('from' in times)) expect(judge(asked, [before]).status).toBe('met');
  });
});

describe('a rejection', () => {
  const rejected = (more: Partial<Parameters<typeof word>[1]> = {}) => word('reject', { by: 'ann', ...more });
  const asked = approval(SECURITY);

  test("blocks, whoever else approves later, and names who can lift it; it can't be waived", () => {
    const no = rejected();
    expect(judge(asked, [no, word('approve', { by: 'bob', at: NOON - 1 })])).toMatchObject({
      status: 'unmet',
      code: 'rejected',
      message: 'ann rejected it at 2026-06-01T11:00:00.000Z',
      evidence: [no.evidence],
      next: { text: 'have ann withdraw the rejection or approve, or release other bytes' },
    });
  });

  test.each<[string, Partial<Parameters<typeof word>[1]>]>([
    ['a change of what is demanded', { requirements: sha256('before') }],
    ['another name of the bytes', { name: 'other' }],
    ['a key that was compromised since', { key: 'lost' }],
    ['a time that rests on a trial root', { development: true }],
  ])('outlasts %s', (_, spoken) => {
    const ann = person('ann', { keys: [keyOf('ann'), { ...keyOf('lost'), compromisedSince: 0 }] });
    const said = [rejected(spoken), word('approve', { by: 'bob' })];
    expect(judge(approval(role('security', { person: ann }, 'bob')), said).code).toBe('rejected');
  });

  test.each<[string, Partial<Parameters<typeof word>[1]>]>([
    ['of another environment', { environment: 'test' }],
    ['of other bytes', { digest: sha256('other') }],
    ['in the name of somebody else', { person: 'bob' }],
    ['by nobody who may approve', { by: 'zoe' }],
  ])('%s blocks nothing', (_, spoken) => {
    expect(judge(asked, [rejected(spoken), word('approve', { by: 'bob' })]).status).toBe('met');
  });

  test('given after the moment blocks nothing as of then, and blocks where our own clock may be slow', () => {
    const said = [rejected({ at: NOON + HOUR }), word('approve', { by: 'bob' })];
    expect(judge(asked, said, { latest: NOON }).status).toBe('met');
    expect(judge(asked, said).code).toBe('rejected');
  });

  test('by somebody who was not of the role then blocks nothing', () => {
    const former = role('security', { person: person('ann'), until: NOON - HOUR }, 'bob');
    expect(judge(approval(former), [rejected(), word('approve', { by: 'bob' })]).status).toBe('met');
    const earlier = rejected({ at: NOON - HOUR - 1 });
    expect(judge(approval(former), [earlier, word('approve', { by: 'bob' })]).code).toBe('rejected');
  });

  test('is lifted by the same person alone, approving or withdrawing later', () => {
    const later = { by: 'ann', at: NOON - 1000 };
    expect(judge(asked, [rejected(), word('approve', later)]).status).toBe('met');
    expect(judge(asked, [rejected(), word('withdraw', later)]).status).toBe('pending');
    expect(judge(asked, [rejected(), word('withdraw', later), word('approve', { by: 'bob' })]).status).toBe('met');
    expect(judge(asked, [rejected(), word('withdraw', { ...later, by: 'bob' })]).code).toBe('rejected');
  });

  test('is not lifted by an approval that does not count for these bytes here, nor by a key that was lost', () => {
    const lost = person('ann', { keys: [keyOf('ann'), { ...keyOf('lost'), compromisedSince: NOON - HOUR }] });
    const of = approval(role('security', { person: lost }));
    const later = { by: 'ann', at: NOON - 1000 };
    for (const said of [
      word('approve', { ...later, requirements: sha256('other') }),
      word('approve', { ...later, environment: 'test' }),
      word('approve', { ...later, development: true }),
      word('approve', { ...later, key: 'lost' }),
      word('withdraw', { ...later, key: 'lost' }),
      word('withdraw', { ...later, environment: 'test' }),
    ]) {
      expect(judge(of, [rejected(), said]).code).toBe('rejected');
    }
  });
});

test('a withdrawal takes the approval back, even by a key that was lost', () => {
  const lost = person('ann', { keys: [keyOf('ann'), { ...keyOf('lost'), compromisedSince: 0 }] });
  const asked = approval(role('security', { person: lost }));
  const yes = word('approve', { by: 'ann' });
  const later = { by: 'ann', at: NOON - 1000 };
  expect(judge(asked, [yes, word('withdraw', later)]).status).toBe('pending');
  expect(judge(asked, [yes, word('withdraw', { ...later, key: 'lost' })]).status).toBe('pending');
  expect(judge(asked, [yes, word('withdraw', { ...later, at: NOON - 2 * HOUR })]).status).toBe('met');
});

test.each([0, 1, 2, 3])('of words at the same instant the most careful is the last (%d)', (salt) => {
  const now = { by: 'ann' };
  const [yes, no, back] = [word('approve', { ...now, salt }), word('reject', now), word('withdraw', now)];
  for (const said of [
    [yes, no, back],
    [back, no, yes],
    [no, yes],
  ]) {
    expect(judge(approval(SECURITY), said).code).toBe('rejected');
  }
  for (const said of [
    [yes, back],
    [back, yes],
  ])
    expect(judge(approval(SECURITY), said).status).toBe('pending');
});

describe('what the log says of rejections', () => {
  const yes = word('approve', { by: 'ann' });
  const found = [part(), yes];
  const judgeAudited = (negative?: DecisionContext['negative'], audited = true, refused: readonly Refusal[] = []) =>
    outcomeOf(
      decided(
        [signature(), approval(SECURITY), ...(audited ? [AUDIT] : [])],
        found,
        { records: recordsOf(found), ...(negative === undefined ? {} : { negative }) },
        refused,
      ),
      'approval:security',
    );
  const missing = sha256('a rejection');

  test('must be known where a record is required', () => {
    expect(judgeAudited({ named: new Map() }).status).toBe('met');
    expect(judgeAudited()).toMatchObject({ status: 'inconclusive', code: 'rejections-unknown' });
    expect(judgeAudited({ named: new Map(), unavailable: 'the bucket does not answer' })).toMatchObject({
      status: 'inconclusive',
      message: 'whether somebody rejected it is not known: the bucket does not answer',
    });
  });

  test('need not be known where a record is made as well as can be', () => {
    expect(judgeAudited(undefined, false).status).toBe('met');
    expect(judgeAudited({ named: new Map(), unavailable: 'down' }, false).status).toBe('met');
  });

  test.each([true, false])('and is not here leaves it inconclusive, whether or not a record is required: %s', (audited) => {
    expect(judgeAudited({ named: new Map([[BYTES, [yes.evidence, missing]]]) }, audited)).toMatchObject({
      status: 'inconclusive',
      code: 'rejections-unknown',
      message: `the log names a rejection or withdrawal that is not here: ${missing}`,
    });
    expect(judgeAudited({ named: new Map([[BYTES, [yes.evidence]]]) }, audited).status).toBe('met');
    const unheld: Refusal = { evidence: missing, code: 'key-not-listed', message: "the SSH key is nobody's" };
    expect(judgeAudited({ named: new Map([[BYTES, [missing]]]) }, audited, [unheld])).toMatchObject({
      status: 'inconclusive',
      message: "the log names a rejection or withdrawal that cannot be read any more: the SSH key is nobody's",
    });
    expect(judgeAudited({ named: new Map([[sha256('other'), [missing]]]) }, audited).status).toBe('met');
  });
});

test('evidence that cannot be read may hold a rejection', () => {
  const context = { unreachable: 'the store is down' };
  expect(judge(approval(SECURITY), [word('approve', { by: 'ann' })], context)).toMatchObject({
    status: 'inconclusive',
    code: 'evidence-unreachable',
  });
  expect(judge(approval(SECURITY), [word('reject', { by: 'ann' })], context).code).toBe('rejected');
});

test('where a record is required, an approval that has one counts before one that has none', () => {
  const [ann, bob] = [word('approve', { by: 'ann' }), word('approve', { by: 'bob' })];
  const requirements = [signature(), approval(SECURITY), AUDIT];
  const context = { records: recordsOf([part(), bob]), negative: { named: new Map() } };
  const verdict = decided(requirements, [part(), ann, bob], context);
  expect(verdict.result).toBe('allow');
  expect(outcomeOf(verdict, 'approval:security').evidence).toEqual([bob.evidence]);
  expect(decided(requirements, [part(), ann], context).result).toBe('deny');
});

test('what is missing names who may still approve: no one who did, who left, or who is counted for another role', () => {
  const asked = [
    approval(role('security', 'ann', 'bob', 'cleo', { person: person('eve'), until: NOON - 1 }), { count: 3 }),
    approval(role('legal', 'cleo')),
  ];
  const ask = { text: 'the request waits', command: 'signwright approve sha256:…' };
  const said = [word('approve', { by: 'ann' }), word('approve', { by: 'cleo' })];
  expect(judge(asked, said, { ask }).next).toEqual({ ...ask, text: 'bob may approve; the request waits', people: ['bob'] });
});
