import { describe, expect, test } from 'vitest';
import {
  approval,
  authors,
  BY_JOB,
  COMMIT,
  decided,
  duties,
  HOUR,
  job,
  NOON,
  numberOf,
  outcomeOf,
  part,
  person,
  role,
  signature,
  waiver,
  word,
} from '../../tests/decide-fixtures.ts';
import type { Outcome, Verdict } from '../verdict.ts';
import type { Verified, VerifiedStatement } from '../verify-evidence.ts';

const SECURITY = role('security', 'ann', 'bob');
const PART = part('build', { author: job() });
const yes = (by: string) => word('approve', { by });
const account = (by: string) => ({ platform: 'gitlab', id: String(numberOf(by)) }) as const;

function judge(said: readonly (Verified | VerifiedStatement)[], asked = duties('author', 'requester'), of = SECURITY): Verdict {
  return decided([signature('build', BY_JOB), asked, approval(of)], said);
}
const separation = (verdict: Verdict): Outcome => outcomeOf(verdict, 'separation-of-duties');
const approved = (verdict: Verdict): Outcome => outcomeOf(verdict, 'approval:security');

describe('where duties are separated', () => {
  test('an approval by somebody who neither wrote it nor asked for it counts', () => {
    const list = authors({ authors: [account('bob')] });
    const verdict = judge([PART, list, yes('ann')]);
    expect(verdict.result).toBe('allow');
    expect(separation(verdict)).toMatchObject({
      status: 'met',
      code: 'duties-separated',
      message: '1 authors since the first commit and who asked for it are known, and none of them counts as an approver',
      evidence: [list.evidence],
    });
  });

  test('are not separated by a list of what is new elsewhere: another release was the last there', () => {
    const verdict = judge([PART, authors({ environment: 'test' }), yes('ann')]);
    expect(separation(verdict)).toMatchObject({ status: 'inconclusive', refused: [{ code: 'other-environment' }] });
  });

  test.each<[string, Parameters<typeof authors>[0], string]>([
    ['by an account on a platform', { authors: [account('ann')] }, 'ann wrote some of it'],
    ['by their own signature on a commit', { persons: ['ann'] }, 'ann wrote some of it'],
    ['by an address they commit with', { emails: ['ann@acme.example'] }, 'ann wrote some of it'],
    ['as who asked for it', { requester: account('ann') }, 'ann asked for the release'],
    ['as who had it run again', { retriers: [account('ann')] }, 'ann asked for the release'],
  ])('whoever is named %s does not count, and is not asked', (_, said, message) => {
    const verdict = judge([PART, authors(said), yes('ann')]);
    expect(verdict.result).toBe('pending');
    expect(approved(verdict)).toMatchObject({
      refused: [{ code: 'duties-not-separated', message: expect.stringContaining(message) as string }],
      next: { text: 'bob may approve' },
    });
    expect(judge([PART, authors(said), yes('bob')]).result).toBe('allow');
  });

  test('whom the run itself names as its requester does not count either', () => {
    const run = part('build', { author: job(), requester: `gitlab:${numberOf('ann')}` });
    expect(approved(judge([run, authors({}), yes('ann')])).refused).toMatchObject([{ code: 'duties-not-separated' }]);
    expect(approved(judge([run, authors({}), yes('ann')], duties('author'))).status).toBe('met');
  });

  test('ids of accounts are the same in capitals', () => {
    const of = role('security', { person: person('ann', { accounts: [{ platform: 'jenkins', id: 'Ann' }] }) });
    const said = { authors: [{ platform: 'jenkins', id: 'ANN' } as const], requester: { platform: 'jenkins', id: 'x' } as const };
    expect(approved(judge([PART, authors(said), yes('ann')], undefined, of)).refused).toMatchObject([
      { message: expect.stringContaining('wrote some of it') as string },
    ]);
    const run = part('build', { author: job(), requester: 'jenkins:aNN' });
    const jenkins = { requester: { platform: 'jenkins', id: 'x' } as const };
    expect(approved(judge([run, authors(jenkins), yes('ann')], undefined, of)).status).toBe('pending');
  });

  test('whoever has no account where the authors have theirs could be any of them', () => {
    const of = role('security', { person: person('ann', { accounts: [] }) });
    expect(approved(judge([PART, authors({}), yes('ann')], undefined, of)).refused).toMatchObject([
      { message: expect.stringContaining('the policy names no gitlab account of ann') as string },
    ]);
    // Where only authors are kept apart, and they are known by their signatures, no account is needed.
    expect(approved(judge([PART, authors({ persons: ['bob'] }), yes('ann')], duties('author'), of)).status).toBe('met');
  });

  test('only those are kept apart whom the policy names', () => {
    const wrote = authors({ authors: [account('ann')] });
    const asked = authors({ requester: account('ann') });
    expect(approved(judge([PART, wrote, yes('ann')], duties('requester'))).status).toBe('met');
    expect(approved(judge([PART, asked, yes('ann')], duties('author'))).status).toBe('met');
  });

  test('a waiver by who wrote it counts as little as their approval', () => {
    const waivers = { waivers: { role: SECURITY, count: 1, maxAge: 3600 * 24 } };
    const given = (by: string) => waiver({ by, requirement: 'approval:security' });
    const verdict = (by: string) =>
      decided(
        [signature('build', BY_JOB), duties('author'), approval(SECURITY)],
        [PART, authors({ authors: [account('ann')] }), given(by)],
        { waivers },
      );
    expect(verdict('bob').result).toBe('allow');
    expect(verdict('ann').result).toBe('pending');
  });
});

describe('who wrote it is not known', () => {
  test.each<[string, readonly (Verified | VerifiedStatement)[], string]>([
    ['where nobody says', [PART], 'nobody whose word counts says who wrote it'],
    ['where somebody says whose word does not count', [PART, authors({}, { by: 'build' })], '; 1 lists found and refused'],
    ['where the list is of another commit', [PART, authors({ commit: 'd1'.repeat(20) })], '; 1 lists found and refused'],
    ['where the list is of a fork', [PART, authors({ repository: 'https://git.example/eve/app' })], '1 lists found and refused'],
    ['where no certificate names the commit', [part(), authors({})], '1 lists found and refused'],
    ['where the list is of the future', [PART, authors({}, { at: NOON + HOUR })], '1 lists found and refused'],
    ['where the list is not whole', [PART, authors({ incomplete: 'the clone is shallow' })], 'the clone is shallow'],
    [
      'where the author of a commit is not known',
      [PART, authors({ unknown: { total: 1, first: [{ commit: COMMIT, why: 'pushed by nobody' }] } })],
      'pushed by nobody',
    ],
    ['where a schedule asked for it', [PART, authors({ requester: undefined } as object)], 'who asked for it is not known'],
  ])('%s, and that is inconclusive', (_, found, why) => {
    const requirement = found[0] === PART ? signature('build', BY_JOB) : signature();
    const verdict = decided([requirement, duties('author', 'requester'), approval(SECURITY)], [...found, yes('ann')]);
    expect(verdict.result).toBe('inconclusive');
    expect(separation(verdict)).toMatchObject({
      status: 'inconclusive',
      code: 'authors-unknown',
      message: expect.stringContaining(why) as string,
    });
  });

  test('where some evidence cannot be read, for it may name others', () => {
    const requirements = [signature('build', BY_JOB), duties('author'), approval(SECURITY)];
    const verdict = decided(requirements, [PART, authors({}), yes('ann')], { unreachable: 'down' });
    expect(separation(verdict)).toMatchObject({ status: 'inconclusive', message: 'down' });
  });

  test('unless it does not matter', () => {
    const unknown = { unknown: { total: 1, first: [{ commit: COMMIT, why: 'x' }] }, incomplete: 'y' };
    expect(separation(judge([PART, authors(unknown)], duties('requester'))).status).toBe('met');
    expect(separation(judge([PART, authors({ requester: undefined } as object)], duties('author'))).status).toBe('met');
  });
});

describe('of several lists', () => {
  test('the newest tells whether all are known', () => {
    const [older, newer] = [{ at: NOON - 2000 }, { at: NOON - 1000 }];
    expect(separation(judge([PART, authors({ incomplete: 'x' }, older), authors({}, newer)])).status).toBe('met');
    expect(separation(judge([PART, authors({}, older), authors({ incomplete: 'x' }, newer)])).status).toBe('inconclusive');
  });

  test('whoever is on any of them does not count, so that collecting again frees nobody', () => {
    const first = authors({ authors: [account('ann')] }, { at: NOON - 2000 });
    const again = authors({ base: COMMIT }, { at: NOON - 1000 });
    expect(judge([PART, first, again, yes('ann')]).result).toBe('pending');
  });

  test('each repository that signatures are of needs its own', () => {
    const release = job('d1'.repeat(20), 'https://git.example/acme/release');
    const requirements = [signature('build', BY_JOB), signature('release', BY_JOB), duties('author'), approval(SECURITY)];
    const parts = [PART, part('release', { author: release })];
    const ofRelease = authors({ commit: 'd1'.repeat(20), repository: 'https://git.example/acme/release' });
    const ofApp = authors({ authors: [account('ann')] });
    const verdict = decided(requirements, [...parts, ofRelease, yes('ann')]);
    expect(verdict.result).toBe('inconclusive');
    expect(separation(verdict).message).toBe(`nobody whose word counts says who wrote what was made of ${COMMIT}`);
    expect(decided(requirements, [...parts, ofRelease, ofApp, yes('ann')]).result).toBe('pending');
    expect(decided(requirements, [...parts, ofRelease, ofApp, yes('bob')]).result).toBe('allow');
  });

  test('one that cannot be read is refused', () => {
    const broken = { ...authors({}), statement: { ...authors({}).statement, predicate: { commit: 'x' } } };
    expect(separation(judge([PART, broken])).refused).toMatchObject([{ code: 'malformed' }]);
  });
});
