import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Json, parseStrictJson } from '../formats/strict-json.ts';
import { judgeAttestation } from './judge-attestation.ts';
import type { AttestationConditions, PredicateJudgement } from './judgement.ts';
import { ATTESTATION_WORDS, predicateTypesOf, wordOf } from './predicate-types.ts';

/** Written by hand after the specification or program each names. */
const VECTORS = JSON.parse(readFileSync(new URL('vectors/predicates.json', import.meta.url), 'utf8')) as {
  name: string;
  type: string;
  predicateType: string;
  predicate: Json;
  expect: { conditions: AttestationConditions; ok: boolean; code?: string; message: string }[];
}[];

describe('a predicate is judged by what the policy asks:', () => {
  const cases = VECTORS.flatMap(({ name, expect: all, ...vector }) =>
    all.map((one) => [`${name}, ${JSON.stringify(one.conditions)}`, { ...vector, ...one }] as const),
  );
  test.each(cases)('%s', (_, { type, predicateType, predicate, conditions, ok, code, message }) => {
    const answer = judgeAttestation(type, predicateType, predicate, conditions);
    expect(answer).toMatchObject({ ok, ...(code === undefined ? {} : { code }) });
    expect(answer.message).toContain(message);
  });
});

const PROVENANCE = predicateTypesOf('provenance')[0] as string;
const TEST_RESULT = predicateTypesOf('test-result')[0] as string;
const VULNS = predicateTypesOf('vulnerabilities')[0] as string;

const builtFrom = (uri: string): Json => ({
  buildDefinition: {
    buildType: 'https://build.example/v1',
    externalParameters: {},
    resolvedDependencies: [{ uri, digest: { gitCommit: 'a'.repeat(40) } }],
  },
  runDetails: { builder: { id: 'https://ci.example' } },
});

describe('the source of provenance', () => {
  test.each([
    'git+https://git.example/acme/pay@refs/heads/main',
    'https://git.example/acme/pay.git',
    'git+ssh://git@git.example/acme/pay.git@v1.2',
    'git@git.example:acme/pay.git',
    'https://GIT.example/acme/pay#refs/tags/v1',
    'git+https://git.example/acme/pay@feature/a@b.example',
  ])('is its host and path, however it is written: %s', (uri) => {
    expect(judgeAttestation('provenance', PROVENANCE, builtFrom(uri), { source: 'https://git.example/acme/*' })).toMatchObject({
      ok: true,
    });
  });

  test.each([
    'https://git.example@evil.example/acme/pay',
    'git+https://git.example:x@evil.example/acme/pay@refs/heads/main',
    'https://evil.example/https://git.example/acme/pay',
    'https://git.example/acme/../evil/pay',
    'https://git.example/acme%2fpay/evil',
    'https://evil.example/#https://git.example/acme/pay',
    'https://git.example/acme',
    'file:///git.example/acme/pay',
    'pkg:github/acme/pay',
  ])('is not what it only looks like: %s', (uri) => {
    expect(judgeAttestation('provenance', PROVENANCE, builtFrom(uri), { source: 'https://git.example/acme/*' })).toMatchObject({
      ok: false,
      code: 'other-source',
    });
  });
});

describe('a test result passes', () => {
  const judge = (fields: object): PredicateJudgement =>
    judgeAttestation('test-result', TEST_RESULT, { result: 'PASSED', configuration: [], ...fields });

  test('with warnings, which are told', () => {
    expect(judge({ result: 'WARNED', passedTests: ['a'], warnedTests: ['b'] })).toEqual({
      ok: true,
      message: '2 tests passed, 1 of them with warnings: "b"',
    });
  });

  test('without any test listed, as the specification allows', () => {
    expect(judge({})).toEqual({ ok: true, message: 'the tests passed; it lists none' });
  });

  test.each([
    [{ result: 'FAILED', passedTests: ['a'] }, 'the tests failed, as its result says'],
    [{ result: 'PASSED', passedTests: ['a'], failedTests: ['b'] }, '1 test failed: "b"'],
    [{ result: 'WARNED', warnedTests: ['a'], failedTests: ['b', 'c'] }, '2 tests failed: "b", "c"'],
    [{ passedTests: [] }, 'no test ran'],
    [{ 'https://signwright.dev/test-counts': { passed: 0, warned: 0, failed: 0, skipped: 3 } }, 'no test ran'],
    [
      { passedTests: ['a'], 'https://signwright.dev/test-counts': { passed: 1, warned: 0, failed: 2, skipped: 0 } },
      '2 tests failed',
    ],
    [{ failedTests: ['\u001b[2Jallow'] }, '1 test failed: "\\u001b[2Jallow"'],
  ])('never with a failed test, nor without any that ran: %j', (fields, message) => {
    expect(judge(fields)).toEqual({ ok: false, code: 'tests-failed', message });
  });
});

describe('a severity', () => {
  const rated = (...severity: { method: string; score: string }[]): Json => ({
    scanner: { uri: 'pkg:x/y', result: [{ id: 'V', severity }] },
  });
  const fails = (predicate: Json, failOn: AttestationConditions['failOn']): boolean =>
    !judgeAttestation('vulnerabilities', VULNS, predicate, failOn === undefined ? {} : { failOn }).ok;

  test.each([
    ['critical', ['critical', 'high', 'medium', 'low']],
    ['HIGH', ['high', 'medium', 'low']],
    ['important', ['high', 'medium', 'low']],
    ['Medium', ['medium', 'low']],
    ['moderate', ['medium', 'low']],
    ['low', ['low']],
    ['negligible', []],
    ['informational', []],
    ['none', []],
    ['unknown', ['critical', 'high', 'medium', 'low']],
    ['', ['critical', 'high', 'medium', 'low']],
    ['whatever', ['critical', 'high', 'medium', 'low']],
    ['constructor', ['critical', 'high', 'medium', 'low']],
  ])('"%s" fails on %j', (score, failing) => {
    for (const failOn of ['low', 'medium', 'high', 'critical'] as const) {
      expect(fails(rated({ method: 'nvd', score }), failOn), failOn).toBe(failing.includes(failOn));
    }
  });

  test.each([
    ['10', 'critical'],
    ['9.0', 'critical'],
    ['8.9', 'high'],
    ['7', 'high'],
    ['6.9', 'medium'],
    ['4.0', 'medium'],
    ['3.9', 'low'],
    ['0.1', 'low'],
    ['0.0', 'of unknown severity'],
    ['11', 'of unknown severity'],
    ['-1', 'of unknown severity'],
    ['1e1', 'of unknown severity'],
    ['CVSS:3.1/AV:N', 'of unknown severity'],
  ])('of CVSS %s is %s', (score, told) => {
    expect(judgeAttestation('vulnerabilities', VULNS, rated({ method: 'cvss_v3', score })).message).toBe(
      `1 vulnerability (1 ${told})`,
    );
  });

  test('is the worst of several, and a number that is no CVSS score is none', () => {
    expect(fails(rated({ method: 'a', score: 'none' }, { method: 'cvss', score: '9.1' }), 'critical')).toBe(true);
    expect(fails(rated({ method: 'a', score: 'low' }, { method: 'epss', score: '9.9' }), 'medium')).toBe(false);
    expect(fails(rated({ method: 'epss', score: '0.1' }), 'critical')).toBe(true);
    expect(fails(rated(), 'critical')).toBe(true);
  });

  test('does not count where the report sets it aside, which is told', () => {
    const result = [{ id: 'CVE-1', severity: [], annotations: [{ 'https://signwright.dev/set-aside': 'not_affected' }] }];
    expect(judgeAttestation('vulnerabilities', VULNS, { scanner: { uri: 'x', result } }, { failOn: 'low' })).toEqual({
      ok: true,
      message:
        'no vulnerability that is low or worse: no vulnerabilities; 1 set aside by the report itself: "CVE-1" ("not_affected")',
    });
  });
});

describe('a malformed predicate is refused, and says where:', () => {
  const provenance = builtFrom('https://git.example/a/b') as { buildDefinition: object };
  test.each<[string, string, unknown, RegExp]>([
    ['provenance', PROVENANCE, null, /predicate must be an object/],
    ['provenance', PROVENANCE, { runDetails: {} }, /buildDefinition must be an object/],
    ['provenance', PROVENANCE, { ...provenance, runDetails: { builder: {} } }, /runDetails\.builder\.id is missing/],
    ['provenance', PROVENANCE, { ...provenance, runDetails: { builder: { id: '' } } }, /runDetails\.builder\.id is empty/],
    [
      'provenance',
      PROVENANCE,
      { ...provenance, runDetails: { builder: { id: 'x' }, metadata: { startedOn: '2026-02-31T00:00:00Z' } } },
      /startedOn is not a time/,
    ],
    [
      'provenance',
      PROVENANCE,
      {
        ...provenance,
        buildDefinition: {
          ...provenance.buildDefinition,
          resolvedDependencies: [{ uri: 'https://a.example/b/c', digest: { gitCommit: 'main' } }],
        },
      },
      /resolvedDependencies\[0\]\.digest\.gitCommit is no commit/,
    ],
    [
      'provenance',
      PROVENANCE,
      {
        ...provenance,
        buildDefinition: { buildType: 'https://signwright.dev/build-types/ci/v1', externalParameters: { entry: 'x' } },
      },
      /externalParameters has the unknown field "entry"/,
    ],
    ['sbom', 'https://cyclonedx.org/bom', { components: [] }, /is none of CycloneDX/],
    ['sbom', 'https://cyclonedx.org/bom', { bomFormat: 'SPDX', specVersion: '1.6' }, /bomFormat must be CycloneDX/],
    [
      'sbom',
      'https://cyclonedx.org/bom/v1.6',
      { bomFormat: 'CycloneDX', specVersion: '1.5', components: [{ type: 'library', name: 'a' }] },
      /is CycloneDX 1\.5, and its type says/,
    ],
    [
      'sbom',
      'https://spdx.dev/Document',
      { bomFormat: 'CycloneDX', specVersion: '1.5', components: [{ type: 'library', name: 'a' }] },
      /is CycloneDX 1\.5, and its type says/,
    ],
    ['test-result', TEST_RESULT, { result: 'passed', configuration: [] }, /result is none of PASSED, WARNED, FAILED/],
    ['test-result', TEST_RESULT, { result: 'PASSED' }, /configuration is missing/],
    ['test-result', TEST_RESULT, { result: 'PASSED', configuration: [], failedTests: 'a' }, /failedTests must be a list/],
    [
      'test-result',
      TEST_RESULT,
      { result: 'PASSED', configuration: [], 'https://signwright.dev/test-counts': { passed: -1 } },
      /passed must be a whole number/,
    ],
    ['vulnerabilities', VULNS, { scanner: { uri: 'x' } }, /scanner\.result is missing/],
    ['vulnerabilities', VULNS, { scanner: { result: [] } }, /scanner\.uri is missing/],
    ['vulnerabilities', VULNS, { scanner: { uri: 'x', result: [{ id: 'a' }] } }, /scanner\.result\[0\]\.severity is missing/],
    [
      'vulnerabilities',
      VULNS,
      { scanner: { uri: 'x', result: [{ id: 'a', severity: [{ method: 'm', score: 5 }] }] } },
      /score must be text/,
    ],
    [
      'vulnerabilities',
      VULNS,
      { scanner: { uri: 'x', result: [{ vulnerability: { id: 'a', severity: [] } }] } },
      /result\[0\]\.id is missing/,
    ],
    ['vulnerabilities', 'https://cosign.sigstore.dev/attestation/vuln/v1', { scanners: [] }, /nothing was scanned/],
    [
      'vulnerabilities',
      'https://cosign.sigstore.dev/attestation/vuln/v1',
      { scanner: { result: { clean: true } } },
      /result is none of SARIF/,
    ],
    ['https://x.example/v1', 'https://x.example/v1', 'text', /predicate must be an object/],
  ])('%s', (type, predicateType, predicate, why) => {
    const answer = judgeAttestation(type, predicateType, predicate as Json);
    expect(answer).toMatchObject({ ok: false, code: 'predicate-malformed' });
    expect(answer.message).toMatch(why);
  });

  test('whatever it is, nothing is thrown', () => {
    const keys = [
      ...new Set(
        JSON.stringify(VECTORS)
          .match(/"[\w.:/@-]+"(?=:)/g)
          ?.map((key) => JSON.parse(key) as string),
      ),
    ];
    const leaf = fc.oneof(
      fc.constantFrom('', 'x', 'PASSED', 'high', '2.1.0', 'CycloneDX', '1.6', 'https://a.example/b/c'),
      fc.constantFrom(null, true, 0, 2, -1),
    );
    const { value } = fc.letrec((tie) => ({
      value: fc.oneof(
        { maxDepth: 5 },
        leaf,
        fc.array(tie('value'), { maxLength: 3 }),
        fc.dictionary(fc.constantFrom(...keys), tie('value'), { maxKeys: 5 }),
      ),
    }));
    fc.assert(
      fc.property(fc.constantFrom(...ATTESTATION_WORDS), fc.nat(8), value, (word, at, made) => {
        const types = predicateTypesOf(word);
        const predicate = parseStrictJson(Buffer.from(JSON.stringify(made)), { what: 'it', maxBytes: 1e6 });
        const conditions = { builder: 'https://a.example/*', source: 'https://a.example/b/*', failOn: 'low' } as const;
        const answer = judgeAttestation(word, types[at % types.length] as string, predicate, conditions);
        expect(typeof answer.ok).toBe('boolean');
      }),
      { numRuns: 2000 },
    );
  });
});

test('every predicate type belongs to one word', () => {
  for (const word of ATTESTATION_WORDS) for (const type of predicateTypesOf(word)) expect(wordOf(type)).toBe(word);
  expect(wordOf('https://x.example/v1')).toBeUndefined();
  expect(wordOf('https://slsa.dev/provenance/v0.2')).toBeUndefined();
});

test('failing on less never lets more through', () => {
  const score = fc.constantFrom('low', 'medium', 'high', 'critical', 'none', 'unknown', '7.1');
  const severity = fc.array(fc.record({ method: fc.constantFrom('nvd', 'cvss'), score }), { maxLength: 3 });
  const result = fc.array(fc.record({ id: fc.constant('V'), severity }), { maxLength: 4 });
  fc.assert(
    fc.property(result, (findings) => {
      const passes = (['low', 'medium', 'high', 'critical'] as const).map(
        (failOn) => judgeAttestation('vulnerabilities', VULNS, { scanner: { uri: 'x', result: findings } }, { failOn }).ok,
      );
      expect([...passes].sort((a, b) => Number(a) - Number(b))).toEqual(passes);
    }),
  );
});
