import { describe, expect, test } from 'vitest';
import { attestation, attested, decided, HOUR, NOON, outcomeOf, part, signature } from '../../tests/decide-fixtures.ts';
import { CYCLONEDX, SPDX2, TEST_RESULT, VULNS_02 } from '../attestations/predicate-types.ts';
import { sha256 } from '../formats/digest.ts';
import type { AttestationRequirement } from '../requirement.ts';
import type { Outcome } from '../verdict.ts';
import type { VerifiedStatement } from '../verify-evidence.ts';
import type { DecisionContext } from './context.ts';

const PASSED = { result: 'PASSED', configuration: [] };
const FAILED = { result: 'FAILED', configuration: [] };
const TESTS = attested('test-result');
const OWN = 'https://acme.example/reviewed/v1';

function judge(
  requirement: AttestationRequirement,
  found: readonly VerifiedStatement[],
  context: Partial<DecisionContext> = {},
): Outcome {
  return outcomeOf(decided([signature(), requirement], [part(), ...found], context), requirement.id);
}

describe('an attestation', () => {
  test('of the type, by whom it must be, that holds up meets it', () => {
    const one = attestation(TEST_RESULT, PASSED);
    expect(judge(TESTS, [one])).toMatchObject({ status: 'met', code: 'attestation-verified', evidence: [one.evidence] });
  });

  test('that does not hold up is told with its reason', () => {
    const one = attestation(TEST_RESULT, FAILED);
    expect(judge(TESTS, [one])).toMatchObject({ status: 'unmet', code: 'attestation-failed', evidence: [one.evidence] });
  });

  test('is missing where none is about these bytes', () => {
    const other = attestation(TEST_RESULT, PASSED, { digest: sha256('other') });
    expect(judge(TESTS, [other])).toMatchObject({
      status: 'unmet',
      code: 'no-attestation',
      next: { command: 'signwright attest test-result app --report … --environment production' },
    });
    expect(judge(TESTS, [attestation(OWN, {})]).code).toBe('no-attestation');
  });

  test.each<[string, Parameters<typeof attestation>[2], string]>([
    ['by another signer', { by: 'other' }, 'key-not-listed'],
    ['by a person', { author: { type: 'ssh', fingerprint: 'SHA256:ann' } }, 'identity-mismatch'],
    ['after the moment that is asked about', { at: NOON + HOUR }, 'after-moment'],
    ['under a trial root', { development: true }, 'development-not-allowed'],
  ])('made %s does not count', (_, more, code) => {
    const one = attestation(TEST_RESULT, PASSED, more);
    expect(judge(TESTS, [one])).toMatchObject({
      status: 'unmet',
      code: 'attestations-refused',
      refused: [{ evidence: one.evidence, code }],
    });
  });

  test('of a type of your own is judged by its type alone', () => {
    expect(judge(attested(OWN), [attestation(OWN, {})]).status).toBe('met');
    expect(judge(attested(OWN), [attestation(`${OWN}x`, {})]).status).toBe('unmet');
  });

  test('may be too old at release, and not where it runs already', () => {
    const one = attestation(TEST_RESULT, PASSED, { at: NOON - HOUR });
    expect(judge({ ...TESTS, maxAge: 3600 }, [one]).status).toBe('met');
    expect(judge({ ...TESTS, maxAge: 3599 }, [one])).toMatchObject({ status: 'unmet', code: 'attestation-too-old' });
    expect(judge({ ...TESTS, maxAge: 3599 }, [one], { moment: 'run' }).status).toBe('met');
  });
});

describe('of several', () => {
  const [passed, failed] = [
    (at: number, salt = 0) => attestation(TEST_RESULT, PASSED, { at, salt }),
    (at: number, salt = 0) => attestation(TEST_RESULT, FAILED, { at, salt }),
  ];

  test('the newest decides', () => {
    expect(judge(TESTS, [passed(NOON - 2000), failed(NOON - 1000)]).status).toBe('unmet');
    expect(judge(TESTS, [failed(NOON - 2000), passed(NOON - 1000)]).status).toBe('met');
    expect(judge(TESTS, [passed(NOON - 2000), attestation(TEST_RESULT, FAILED, { by: 'other' })]).status).toBe('met');
  });

  test('at the same instant one that fails decides', () => {
    for (const salt of [0, 1, 2, 3]) {
      for (const found of [
        [passed(NOON - 1000, salt), failed(NOON - 1000)],
        [failed(NOON - 1000), passed(NOON - 1000, salt)],
      ]) {
        expect(judge(TESTS, found).status).toBe('unmet');
      }
    }
  });

  test('the newest of the format that is asked for decides, so that two formats can be asked for', () => {
    const cyclonedx = { bomFormat: 'CycloneDX', specVersion: '1.6', components: [{ type: 'library', name: 'a' }] };
    const spdx = {
      spdxVersion: 'SPDX-2.3',
      SPDXID: 'SPDXRef-DOCUMENT',
      name: 'a',
      dataLicense: 'CC0-1.0',
      documentNamespace: 'https://acme.example/a',
      creationInfo: { created: '2026-06-01T09:00:00Z', creators: ['Tool: x'] },
      packages: [{ SPDXID: 'SPDXRef-a', name: 'a', downloadLocation: 'NONE' }],
    };
    const found = [attestation(CYCLONEDX, cyclonedx, { at: NOON - 2000 }), attestation(SPDX2, spdx, { at: NOON - 1000 })];
    const asked = (...format: ('cyclonedx' | 'spdx')[]) => attested('sbom', { conditions: { format } });
    expect(judge(asked('spdx'), found)).toMatchObject({ status: 'met', evidence: [found[1]?.evidence] });
    expect(judge(asked('cyclonedx'), found)).toMatchObject({ status: 'met', evidence: [found[0]?.evidence] });
    expect(judge(asked('cyclonedx'), found.slice(1))).toMatchObject({ status: 'unmet', code: 'attestation-failed' });
  });
});

test('evidence that cannot be read may hold a newer one that fails', () => {
  const found = [attestation(TEST_RESULT, PASSED)];
  expect(judge(TESTS, found, { unreachable: 'down' })).toMatchObject({ status: 'inconclusive', code: 'evidence-unreachable' });
});

test('conditions are those of the requirement', () => {
  const scan = {
    scanner: { uri: 'https://scanner.example', result: [{ id: 'CVE-2026-1', severity: [{ method: 'nvd', score: '5.0' }] }] },
    metadata: { scanStartedOn: '2026-06-01T09:00:00Z', scanFinishedOn: '2026-06-01T09:01:00Z' },
  };
  const one = attestation(VULNS_02, scan);
  const failOn = (severity: 'medium' | 'high') => attested('vulnerabilities', { conditions: { failOn: severity } });
  expect(judge(failOn('medium'), [one])).toMatchObject({ status: 'unmet', code: 'attestation-failed' });
  expect(judge(failOn('high'), [one]).message).toMatch(/attested 2026-06-01T11:00:00\.000Z/);
});
