import { describe, expect, test } from 'vitest';
import { sha256 } from '../formats/digest.ts';
import type { SignerRule } from '../requirement.ts';
import { parseStatement, writeStatement } from '../statement.ts';
import type { Verdict } from '../verdict.ts';
import type { Author } from '../verify-bundle.ts';
import { summarise } from './summarise.ts';
import { readVerificationSummary, type VerificationSummary, writeVerificationSummary } from './verification-summary.ts';
import { verifySummary } from './verify-summary.ts';

const DIGEST = sha256('app');
const GATE = 'https://cd.acme.example/gate';
const SUMMARY: VerificationSummary = {
  verifier: GATE,
  timeVerified: '2026-06-01T12:00:00.000Z',
  resource: `dist/app.tgz@${DIGEST}`,
  policy: { name: 'central policy', digest: sha256('policy') },
  inputs: [sha256('part')],
  result: 'PASSED',
  levels: ['SLSA_BUILD_LEVEL_1'],
  environment: 'production',
  tiers: ['external'],
  requirements: sha256('requirements'),
  expires: '2026-06-02T12:00:00.000Z',
  waivers: [{ requirement: 'window', evidence: [sha256('waiver')] }],
  apart: ['author', 'requester'],
  source: { repository: 'https://git.example/acme/app', repositoryId: '1', commit: 'c0'.repeat(20) },
  log: { origin: 'log.example', size: 7, root: 'AAAA' },
  development: false,
};
const written = (change: Partial<VerificationSummary> = {}) =>
  parseStatement(writeVerificationSummary('dist/app.tgz', DIGEST, { ...SUMMARY, ...change }));

const workload = (repository: string): Author => ({
  type: 'certificate',
  san: 'https://git.example/job',
  issuer: 'https://issuer.example',
  claims: { repository },
});
const signer = (id: string, repository: string): SignerRule => ({
  id,
  certificate: true,
  workloads: [{ id, issuer: 'https://issuer.example', repository }],
  keys: [],
});
const GATE_REPOSITORY = 'https://git.example/acme/gate';
const VERIFIERS = [
  { id: GATE, by: signer('gate', GATE_REPOSITORY) },
  { id: 'https://other.example', by: signer('other', 'https://git.example/acme/other') },
];
const time = { at: Date.parse('2026-06-01T12:00:01Z'), authority: 'tsa', development: false };
const by = (repository: string, statement = written()) => ({ statement, author: workload(repository), time });

describe('a verification summary', () => {
  test('says after reading what was written', () => {
    expect(readVerificationSummary(written())).toEqual(SUMMARY);
    const { expires: _, log: __, source: ___, ...bare } = SUMMARY;
    const least = { ...bare, policy: { digest: SUMMARY.policy.digest }, result: 'FAILED', levels: ['FAILED'] } as const;
    expect(readVerificationSummary(parseStatement(writeVerificationSummary('a', DIGEST, least)))).toEqual(least);
  });

  test('may have fields nobody knows, as the specification wants it, and none of ours amiss', () => {
    const { predicate, predicateType } = written();
    const changed = (change: object) =>
      ({ predicateType, subject: [], predicate: { ...(predicate as object), ...change } }) as never;
    expect(readVerificationSummary(changed({ later: 1 }))).toEqual(SUMMARY);
    for (const change of [
      { verificationResult: 'PERHAPS' },
      { verifiedLevels: ['SLSA_BUILD_LEVEL_3'] },
      { policy: { uri: 'https://other.example', digest: { sha256: 'ab'.repeat(32) } } },
      { 'https://signwright.dev/environment': undefined },
      { 'https://signwright.dev/separation-of-duties': ['nobody'] },
      { 'https://signwright.dev/expires': 'soon' },
      { 'https://signwright.dev/source': { commit: 'x', branch: 'main' } },
    ])
      expect(() => readVerificationSummary(changed(change)), JSON.stringify(change)).toThrow(
        expect.objectContaining({ code: 'invalid-input' }),
      );
  });

  test('counts by the verifier it names', () => {
    expect(verifySummary(by(GATE_REPOSITORY), VERIFIERS)).toEqual(SUMMARY);
  });

  test('by a build workload, by another verifier, or in a name the policy does not know is refused', () => {
    for (const repository of ['https://git.example/acme/app', 'https://git.example/acme/other'])
      expect(() => verifySummary(by(repository), VERIFIERS)).toThrow(expect.objectContaining({ refusal: 'identity-mismatch' }));
    const unknown = by(GATE_REPOSITORY, written({ verifier: 'https://who.example' }));
    expect(() => verifySummary(unknown, VERIFIERS)).toThrow(/names no verifier/);
    expect(() => verifySummary(by(GATE_REPOSITORY), [])).toThrow(expect.objectContaining({ refusal: 'identity-mismatch' }));
  });

  test('by a verifier whose workload was compromised when it signed is refused, and before it was not', () => {
    const since = (from: number) =>
      VERIFIERS.map(({ id, by: rule }) => ({
        id,
        by: { ...rule, workloads: rule.workloads.map((one) => ({ ...one, compromised: [{ from }] })) },
      }));
    expect(() => verifySummary(by(GATE_REPOSITORY), since(time.at))).toThrow(
      expect.objectContaining({ refusal: 'workload-compromised' }),
    );
    expect(verifySummary(by(GATE_REPOSITORY), since(time.at + 1))).toEqual(SUMMARY);
  });

  test('about another resource than its subject is refused', () => {
    const other = by(GATE_REPOSITORY, written({ resource: `dist/other.tgz@${DIGEST}` }));
    expect(() => verifySummary(other, VERIFIERS)).toThrow(expect.objectContaining({ refusal: 'wrong-subject' }));
    const { predicate, predicateType } = written();
    const hex = DIGEST.slice(7);
    const two = {
      predicateType,
      predicate: predicate as never,
      subject: ['dist/app.tgz', 'b'].map((name) => ({ name, sha256: hex })),
    };
    expect(() => verifySummary(by(GATE_REPOSITORY, parseStatement(writeStatement(two))), VERIFIERS)).toThrow(
      expect.objectContaining({ refusal: 'wrong-subject' }),
    );
  });
});

describe('a verdict', () => {
  const VERDICT: Verdict = {
    result: 'allow',
    artifact: { name: 'dist/app.tgz', kind: 'package', digest: DIGEST },
    environment: 'production',
    moment: 'release',
    at: '2026-06-01T12:00:00.000Z',
    anchored: true,
    development: false,
    enforced: true,
    policy: { digest: sha256('policy') },
    tiers: ['external'],
    requirements: sha256('requirements'),
    outcomes: [
      outcome('approval:a', 'approved', { expires: '2026-06-03T00:00:00.000Z', evidence: [sha256('a')] }),
      outcome('approval:b', 'waived', { expires: '2026-06-02T00:00:00.000Z', evidence: [sha256('w')] }),
    ],
  };
  const GROUNDS = { verifier: GATE, verified: [], statements: [], apart: ['author'] } as const;

  test('is summarised with the earliest end of what it rests on, all its evidence, and what was waived', () => {
    expect(summarise(VERDICT, GROUNDS)).toMatchObject({
      result: 'PASSED',
      levels: ['SLSA_BUILD_LEVEL_0'],
      expires: '2026-06-02T00:00:00.000Z',
      inputs: [sha256('a'), sha256('w')].sort(),
      waivers: [{ requirement: 'approval:b', evidence: [sha256('w')] }],
      apart: [],
    });
    const separated = { ...VERDICT, outcomes: [...VERDICT.outcomes, outcome('separation-of-duties', 'duties-separated', {})] };
    expect(summarise(separated, GROUNDS)?.apart).toEqual(['author']);
  });

  test('that is open, not anchored or only observed has no summary', () => {
    for (const change of [{ result: 'pending' }, { result: 'inconclusive' }, { anchored: false }, { enforced: false }] as const)
      expect([change, summarise({ ...VERDICT, ...change }, GROUNDS)]).toEqual([change, undefined]);
    expect(summarise({ ...VERDICT, result: 'deny' }, GROUNDS)).toMatchObject({ result: 'FAILED', levels: ['FAILED'] });
  });

  function outcome(requirement: string, code: Verdict['outcomes'][number]['code'], more: object): Verdict['outcomes'][number] {
    return { requirement, layer: 'base', status: 'met', code, message: '', evidence: [], refused: [], ...more };
  }
});
