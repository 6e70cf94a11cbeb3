import { type Outcome, sha256 } from '@signwright/signing-core';
import { describe, expect, test } from 'vitest';
import { load } from '../../tests/policy-files.ts';
import { ASKED, evidenceOf, job, manifest, NOON, part, policy, provenRecords } from '../../tests/release-parts.ts';
import { closerOf } from './asked-release.ts';
import { parseExpectation } from './expectation.ts';
import { findClosing } from './find-closing.ts';
import { judgeRelease } from './judge-release.ts';
import { releaseStanding } from './release-standing.ts';

const expecting = (parts: string) => parseExpectation(Buffer.from(`version: 1\nparts:\n${parts}\n`), 'release.yaml', policy);
const LINUX = part({ 'dist/linux.tgz': 'linux' });
const MAC = part({ 'dist/mac.tgz': 'mac' }, { by: job('mac') });
const BOTH = expecting(
  '  - { name: linux, workload: app, artifacts: ["dist/linux*"] }\n  - { name: mac, workload: mac, artifacts: ["dist/mac*"] }',
);

const said = (outcomes: readonly Outcome[]): string[] => outcomes.map(({ code, message }) => `${code}: ${message}`);

describe('a release may be closed', () => {
  test('when all that is expected is there, signed by whom it must be', () => {
    expect(releaseStanding(policy, evidenceOf([LINUX, MAC]), ASKED, BOTH)).toMatchObject({ result: 'allow', outcomes: [] });
  });

  test.each<[string, Parameters<typeof evidenceOf>[0], string]>([
    ['a pipeline has signed nothing', [LINUX], 'mac has contributed nothing yet: dist/mac* missing'],
    ['nobody has signed anything', [], 'app@1 has no part for the environment default yet'],
  ])('not yet while %s', (_what, parts, message) => {
    const { result, outcomes } = releaseStanding(policy, evidenceOf(parts), ASKED, BOTH);
    expect(result).toBe('pending');
    expect(said(outcomes).join('\n')).toContain(message);
  });

  test('not yet while an artifact lacks a signature that its tier demands, by name', () => {
    const standing = releaseStanding(policy, evidenceOf([part({ 'rc/a': '1', 'rc/b': '2' })]), ASKED);
    expect(standing.result).toBe('pending');
    expect(said(standing.outcomes)).toEqual(['release-incomplete: rc/a, rc/b: a signature by release is missing']);
    const both = [part({ 'rc/a': '1', 'rc/b': '2' }), part({ 'rc/a': '1', 'rc/b': '2' }, { signer: 'release' })];
    expect(releaseStanding(policy, evidenceOf(both), ASKED).result).toBe('allow');
  });

  test('never with what the policy does not list', () => {
    const { result, outcomes } = releaseStanding(policy, evidenceOf([part({ 'other/a': '1' })]), ASKED);
    expect(result).toBe('deny');
    expect(said(outcomes)[0]).toContain('the policy does not list it');
  });

  test('never with parts that contradict each other', () => {
    const other = part({ 'dist/linux.tgz': 'other' }, { by: job('mac') });
    const { result, outcomes } = releaseStanding(policy, evidenceOf([LINUX, other]), ASKED);
    expect(result).toBe('deny');
    expect(said(outcomes)[0]).toMatch(/^release-conflict: .*"dist\/linux.tgz"/);
  });

  test('the same bytes by two pipelines are no contradiction', () => {
    const same = part({ 'dist/linux.tgz': 'linux' }, { by: job('mac') });
    expect(releaseStanding(policy, evidenceOf([LINUX, same]), ASKED).result).toBe('allow');
  });

  test.each<[string, string, string]>([
    [
      'a part that nobody expects',
      '  - { workload: app, artifacts: ["dist/linux*"] }',
      'nobody expects what build (https://ci.example/acme/mac) has contributed: dist/mac.tgz',
    ],
    [
      'an artifact that another pipeline is expected to sign',
      '  - { workload: app, artifacts: ["dist/*"] }',
      'nobody expects what build (https://ci.example/acme/mac)',
    ],
    [
      'more than are expected',
      '  - { signer: build, artifacts: [{ match: "dist/*", count: 1 }] }',
      'has contributed 2 dist/*, and 1 are expected',
    ],
    [
      'other bytes than are expected',
      `  - { signer: build, artifacts: ["dist/*", { match: dist/mac.tgz, sha256: ${'ab'.repeat(32)} }] }`,
      'is expected',
    ],
  ])('never with %s', (_what, parts, message) => {
    const { result, outcomes } = releaseStanding(policy, evidenceOf([LINUX, MAC]), ASKED, expecting(parts));
    expect(result).toBe('deny');
    expect(said(outcomes).join('\n')).toContain(message);
  });

  test('with others where these are allowed, and with the exact bytes that are expected', () => {
    const open = parseExpectation(
      Buffer.from(
        `{"version":1,"others":"allow","parts":[{"signer":"build","artifacts":[{"match":"dist/mac.tgz","sha256":"${sha256('mac')}"}]}]}`,
      ),
      'release.json',
      policy,
    );
    expect(releaseStanding(policy, evidenceOf([LINUX, MAC]), ASKED, open).result).toBe('allow');
  });

  test('a key proves no repository: it does not answer for one that is expected', () => {
    const key = part({ 'rc/a': '1' }, { signer: 'release' });
    const wanted = expecting('  - { repository: "https://ci.example/**", artifacts: ["rc/*"] }');
    expect(said(releaseStanding(policy, evidenceOf([key]), ASKED, wanted).outcomes).join()).toContain(
      'has contributed nothing yet',
    );
  });

  test.each<[string, Parameters<typeof part>[1], string]>([
    ['of another release', { version: '2' }, 'other-release'],
    ['of another environment', { environment: 'test' }, 'other-environment'],
    ['by a job that is not the signer it names', { by: job('evil') }, 'identity-mismatch'],
    ['by a signer the policy has not', { signer: 'nobody', by: job('app') }, 'identity-mismatch'],
    ['from the future', { at: NOON + 3_600_000 }, 'after-moment'],
    ['on a trial root where none is allowed', { development: true }, 'development-not-allowed'],
  ])('a part %s is none of it, and takes nothing away', (_what, how, code) => {
    const stray = part({ 'dist/linux.tgz': 'stray' }, how);
    const { result, leftOut } = releaseStanding(policy, evidenceOf([LINUX, MAC, stray]), ASKED, BOTH);
    expect(result).toBe('allow');
    expect(leftOut).toMatchObject([{ evidence: stray.evidence, code }]);
  });

  test('with records where they are required: proven, not only written', () => {
    const logged = part({ 'logged/a': '1' });
    const standing = (records: Parameters<typeof evidenceOf>[2]) =>
      releaseStanding(policy, evidenceOf([logged], [], records), ASKED);
    expect(standing(provenRecords([logged])).result).toBe('allow');
    expect(standing({ waiting: new Map([[logged.evidence, 'not in order']]) })).toMatchObject({
      result: 'inconclusive',
      outcomes: [{ code: 'record-pending' }],
    });
    expect(standing({})).toMatchObject({ result: 'deny', outcomes: [{ code: 'no-record' }] });
  });

  test('is not known while some of the evidence cannot be read', () => {
    const evidence = { ...evidenceOf([LINUX, MAC]), unreachable: 'the store is down' };
    expect(releaseStanding(policy, evidence, ASKED, BOTH).result).toBe('inconclusive');
  });

  test('ten thousand artifacts in a hundred parts are judged in seconds', () => {
    const parts = Array.from({ length: 100 }, (_, p) =>
      part(Object.fromEntries(Array.from({ length: 100 }, (_, a) => [`dist/${p}/${a}.bin`, `${p} ${a}`]))),
    );
    const wanted = expecting('  - { signer: build, artifacts: [{ match: "dist/**", count: 10000 }] }');
    const before = performance.now();
    expect(releaseStanding(policy, evidenceOf(parts), ASKED, wanted).result).toBe('allow');
    expect(judgeRelease(policy, evidenceOf(parts, [manifest(parts)]), ASKED).outcome.status).toBe('met');
    expect(performance.now() - before).toBeLessThan(15_000);
  });
});

describe('who may close releases', () => {
  test('is the signer the policy names, and where it names none nobody', async () => {
    expect(closerOf(policy).id).toBe('closer');
    const without = await load(
      'version: 1\nsigners: { a: { keys: [{ ref: k.pem, public-key: trust/a.pub }] } }\ntiers: { t: { signatures: [a] } }\nartifacts: [{ match: "x", tier: t }]\n',
    );
    expect(() => closerOf(without)).toThrow('the policy says nobody who may close a release');
  });

  const parts = [LINUX, MAC];
  const judge = (...manifests: Parameters<typeof evidenceOf>[1] & object) =>
    judgeRelease(policy, evidenceOf(parts, manifests), ASKED);

  test('closes it over the parts there are', () => {
    const { outcome, parts: counting } = judge(manifest(parts));
    expect(outcome).toMatchObject({ status: 'met', code: 'in-release' });
    expect(outcome.message).toContain('app@1 was closed by https://ci.example/acme/release');
    expect([...counting].sort()).toEqual(parts.map(({ evidence }) => evidence).sort());
  });

  test('nobody has yet: that is pending, and no allow', () => {
    expect(judge().outcome).toMatchObject({ status: 'pending', code: 'release-open' });
  });

  test.each<[string, Parameters<typeof manifest>[1], string]>([
    ['a signer that builds', { signer: 'build', by: job('app') }, 'the policy lets closer close releases'],
    ['a job that says it is the closer', { by: job('app') }, 'repository is'],
    ['the closer for another environment', { environment: 'test' }, 'for the environment test'],
    ['the closer of another release', { version: '2' }, 'app@2'],
    ['the closer later than is asked about', { at: NOON + 3_600_000 }, 'after'],
    ['a trial root', { development: true }, 'trial root'],
  ])('is not %s', (_what, how, why) => {
    const { outcome } = judge(manifest(parts, how));
    expect(outcome).toMatchObject({ status: 'unmet', code: 'release-refused' });
    expect(outcome.refused[0]?.message).toContain(why);
    // Beside the true one it takes nothing away.
    expect(judge(manifest(parts, how), manifest(parts)).outcome.status).toBe('met');
  });

  test.each<[string, Parameters<typeof manifest>[1] & object]>([
    ['other bytes', { artifacts: { 'dist/linux.tgz': 'evil', 'dist/mac.tgz': 'mac' } }],
    ['an artifact more', { artifacts: { 'dist/linux.tgz': 'linux', 'dist/mac.tgz': 'mac', 'dist/more': 'more' } }],
    ['an artifact less', { artifacts: { 'dist/linux.tgz': 'linux' } }],
    ['another kind', { artifacts: { 'dist/linux.tgz': 'linux', 'dist/mac.tgz': 'mac' }, kind: 'sbom' }],
  ])('closes nothing with %s than its parts have', (_what, how) => {
    expect(judge(manifest(parts, how)).outcome).toMatchObject({ status: 'unmet', code: 'release-refused' });
  });

  test('over a part that is gone is not known to have closed it', () => {
    const whole = manifest(parts);
    const { outcome } = judgeRelease(policy, evidenceOf([LINUX], [whole]), ASKED);
    expect(outcome).toMatchObject({ status: 'inconclusive', code: 'evidence-unreachable' });
    expect(outcome.message).toContain(MAC.evidence);
  });

  test('over a part of another release, or by nobody of the policy, closes nothing', () => {
    for (const stray of [part({ 'dist/x': 'x' }, { version: '2' }), part({ 'dist/x': 'x' }, { by: job('evil') })]) {
      const all = [...parts, stray];
      expect(judgeRelease(policy, evidenceOf(all, [manifest(all)]), ASKED).outcome).toMatchObject({
        status: 'unmet',
        code: 'release-refused',
      });
    }
  });

  test('does so once: what says something else later is late, the same again is not', () => {
    const first = manifest([LINUX], { at: NOON - 2000 });
    const again = manifest([LINUX], { at: NOON - 1000 });
    const later = manifest(parts, { at: NOON - 1000 });
    for (const statements of [
      [first, later, again],
      [later, again, first],
    ]) {
      const { closed, rival, refused } = findClosing(policy, evidenceOf(parts, statements), ASKED);
      expect(closed?.proven.evidence).toBe(first.evidence);
      expect(rival).toBeUndefined();
      expect(refused).toMatchObject([{ evidence: later.evidence, code: 'late' }]);
    }
    const judged = judge(first, later);
    expect(judged.outcome.status).toBe('met');
    expect(judged.parts.has(MAC.evidence)).toBe(false);
  });

  test('twice at the same instant, differently, is a contradiction', () => {
    expect(judge(manifest([LINUX]), manifest(parts)).outcome).toMatchObject({ status: 'unmet', code: 'release-conflict' });
  });

  test('leaves a record where one is required', () => {
    const logged = part({ 'logged/a': '1' });
    const whole = manifest([logged]);
    const judgeBy = (records: Parameters<typeof evidenceOf>[2]) =>
      judgeRelease(policy, evidenceOf([logged], [whole], records), ASKED).outcome;
    expect(judgeBy(provenRecords([logged, whole])).status).toBe('met');
    expect(judgeBy({ ...provenRecords([logged]), waiting: new Map([[whole.evidence, 'not in order']]) })).toMatchObject({
      status: 'inconclusive',
      code: 'record-pending',
    });
    expect(judgeBy(provenRecords([logged]))).toMatchObject({ status: 'unmet', refused: [{ code: 'no-record' }] });
  });
});

describe('a release whose manifest or part rests on a certificate', () => {
  const doubt = (status: 'revoked' | 'unknown') => ({ revocation: { status, message: `it is ${status}` } }) as const;
  const closing = manifest([LINUX, MAC]);

  test.each([
    ['manifest', [LINUX, MAC], { ...closing, ...doubt('unknown') }],
    ['part', [LINUX, { ...MAC, ...doubt('unknown') }], closing],
  ] as const)('of which nobody knows whether it is revoked is not known to be closed: the %s', (_what, parts, statement) => {
    expect(judgeRelease(policy, evidenceOf(parts, [statement]), ASKED).outcome).toMatchObject({
      status: 'inconclusive',
      code: 'revocation-unknown',
      message: 'it is unknown',
    });
  });

  test.each([
    ['manifest', [LINUX, MAC], { ...closing, ...doubt('revoked') }],
    ['part', [LINUX, { ...MAC, ...doubt('revoked') }], closing],
  ] as const)('that is revoked is refused: the %s', (_what, parts, statement) => {
    expect(judgeRelease(policy, evidenceOf(parts, [statement]), ASKED).outcome).toMatchObject({
      status: 'unmet',
      code: 'release-refused',
      refused: [{ code: 'certificate-revoked', message: 'it is revoked' }],
    });
  });

  test('may not be closed while nobody knows that of a part', () => {
    const standing = releaseStanding(policy, evidenceOf([LINUX, { ...MAC, ...doubt('unknown') }]), ASKED);
    expect(standing.result).toBe('inconclusive');
    expect(said(standing.outcomes)).toEqual(['revocation-unknown: dist/mac.tgz: it is unknown']);
  });
});
