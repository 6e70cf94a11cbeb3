import { describe, expect, test } from 'vitest';
import {
  approval,
  BY_JOB,
  clicks,
  decided,
  HOUR,
  job,
  NOON,
  outcomeOf,
  part,
  person,
  role,
  signature,
  word,
} from '../../tests/decide-fixtures.ts';
import { sha256 } from '../formats/digest.ts';
import type { Outcome } from '../verdict.ts';
import type { VerifiedStatement } from '../verify-evidence.ts';

const OPS = role('ops', 'ann', 'bob');
const CLICKED = approval(OPS, { kind: 'platform' });
const PART = part('build', { author: job() });

function judge(said: readonly VerifiedStatement[], asked = CLICKED, found = PART): Outcome {
  return outcomeOf(decided([signature('build', BY_JOB), asked], [found, ...said]), asked.id);
}

describe('a click on a platform', () => {
  const said = clicks([{ by: 'ann' }]);

  test('counts where the policy lets it, from when the platform says it was made', () => {
    expect(judge([said])).toMatchObject({
      status: 'met',
      message: 'approved by ann (platform, 2026-06-01T10:00:00.000Z)',
      evidence: [said.evidence],
    });
  });

  test('never counts where people must sign', () => {
    expect(judge([said], approval(OPS))).toMatchObject({ status: 'pending', evidence: [] });
    const both = decided([signature('build', BY_JOB), approval(OPS), CLICKED], [PART, said]);
    expect(outcomeOf(both, 'approval:ops')).toMatchObject({
      status: 'pending',
      refused: [{ code: 'identity-mismatch', message: 'ann approved on a platform, and ops must sign' }],
    });
  });

  test('and a signature of the same person are one approval; the signature does for both', () => {
    const signed = word('approve', { by: 'ann', at: NOON - 3 * HOUR });
    expect(judge([said, signed], approval(OPS, { kind: 'platform', count: 2 })).status).toBe('pending');
    for (const asked of [CLICKED, approval(OPS)]) {
      expect(judge([said, signed], asked)).toMatchObject({ status: 'met', evidence: [signed.evidence], refused: [] });
    }
  });

  test.each<[string, VerifiedStatement, string]>([
    ['told by nobody whose word counts', clicks([{ by: 'ann' }], { by: 'build' }), 'key-not-listed'],
    ['on another commit', clicks([{ by: 'ann' }], { commit: 'd1'.repeat(20) }), 'other-commit'],
    ['for another environment', clicks([{ by: 'ann' }], { environment: 'test' }), 'other-environment'],
    ['told after the moment that is asked about', clicks([{ by: 'ann' }], { at: NOON + HOUR }), 'after-moment'],
    ['told under a trial root', clicks([{ by: 'ann' }], { development: true }), 'development-not-allowed'],
  ])('%s does not count', (_, one, code) => {
    expect(judge([one])).toMatchObject({ status: 'pending', refused: [{ evidence: one.evidence, code }] });
  });

  test('on other bytes, or by nobody of the role, does not count', () => {
    expect(judge([clicks([{ by: 'ann' }], { digest: sha256('other') })]).status).toBe('pending');
    expect(judge([clicks([{ by: 'zoe' }])]).status).toBe('pending');
  });

  test('proves nothing where no certificate names the commit', () => {
    const keyed = part();
    const asked = decided([signature(), CLICKED], [keyed, said]);
    expect(outcomeOf(asked, CLICKED.id).refused).toMatchObject([
      { code: 'other-commit', message: expect.stringContaining('no certificate of the signatures names a commit') as string },
    ]);
  });

  test('is no newer than when it was told, however the platform dates it', () => {
    const former = role('ops', { person: person('ann'), until: NOON - HOUR });
    const told = clicks([{ by: 'ann', at: NOON + 9 * HOUR }], { at: NOON - 2 * HOUR });
    expect(judge([told], approval(former, { kind: 'platform' })).status).toBe('met');
    expect(judge([told], approval(former, { kind: 'platform', expire: 7200 })).refused).toMatchObject([{ code: 'expired' }]);
  });

  test('that was taken back is not in the last answer, and counts no more', () => {
    const earlier = clicks([{ by: 'ann' }], { at: NOON - 2000 });
    const last = clicks([], { at: NOON - 1000 });
    expect(judge([earlier, last]).status).toBe('pending');
    expect(judge([last, clicks([{ by: 'bob' }], { at: NOON - 2000, project: 'acme/other' })]).status).toBe('met');
  });
});

describe('a rejection on a platform', () => {
  const no = { by: 'ann', decision: 'reject', at: NOON - 2 * HOUR } as const;

  test('blocks, whatever others click, until the same person approves', () => {
    expect(judge([clicks([no, { by: 'bob', at: NOON - HOUR }])]).code).toBe('rejected');
    expect(judge([clicks([no, { by: 'ann', at: NOON - HOUR }])]).status).toBe('met');
  });

  test('blocks where all must sign too, so that to demand signatures lets nothing more through', () => {
    const signed = word('approve', { by: 'bob' });
    expect(judge([signed], approval(OPS)).status).toBe('met');
    expect(judge([clicks([no]), signed], approval(OPS))).toMatchObject({ status: 'unmet', code: 'rejected', refused: [] });
    expect(judge([clicks([no], { environment: 'test' }), signed], approval(OPS))).toMatchObject({ status: 'met', refused: [] });
  });

  test('stays where a later answer leaves it out', () => {
    const later = clicks([{ by: 'bob', at: NOON - HOUR }], { at: NOON - 1000 });
    expect(judge([clicks([no], { at: NOON - 2000 }), later]).code).toBe('rejected');
  });

  test('outdates what the person signed before, and not after', () => {
    const signed = (at: number) => word('approve', { by: 'ann', at });
    expect(judge([clicks([no]), signed(NOON - 3 * HOUR)]).code).toBe('rejected');
    expect(judge([clicks([no]), signed(NOON - HOUR)]).status).toBe('met');
    expect(judge([clicks([no]), word('withdraw', { by: 'ann', at: NOON - HOUR })]).status).toBe('pending');
  });
});

test('what somebody signed, no click takes back', () => {
  const rejected = word('reject', { by: 'ann', at: NOON - 3 * HOUR });
  const clicked = clicks([{ by: 'ann' }, { by: 'bob' }]);
  expect(judge([rejected, clicked]).code).toBe('rejected');
  const both = decided(
    [signature('build', BY_JOB), approval(OPS), CLICKED],
    [PART, rejected, clicked, word('approve', { by: 'bob' })],
  );
  expect(both.result).toBe('deny');
  expect(judge([word('withdraw', { by: 'ann', at: NOON - 3 * HOUR }), clicked]).status).toBe('met');
});
