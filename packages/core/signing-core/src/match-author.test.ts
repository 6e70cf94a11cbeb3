import fc from 'fast-check';
import { expect, test } from 'vitest';
import { matchAuthor } from './match-author.ts';
import { CLAIM_NAMES, type ClaimName, type KeyRule, type SignerRule, type WorkloadRule } from './requirement.ts';
import type { Author } from './verify-bundle.ts';

const NOON = Date.parse('2026-06-01T12:00:00Z');
const CLAIMS: { readonly [claim in ClaimName]: string } = {
  subject: 'project:acme/app:ref:main',
  repository: 'https://git.example/acme/app',
  'repository-id': '4711',
  ref: 'refs/heads/main',
  runner: 'self-hosted',
  environment: 'production',
  trigger: 'push',
};
const job: Author & { type: 'certificate' } = {
  type: 'certificate',
  san: 'https://git.example/ci.yml',
  issuer: 'https://issuer.example',
  claims: CLAIMS,
};
const key: Author = { type: 'key', keyId: 'K' };

const signer = (rule: Partial<SignerRule>): SignerRule => ({ id: 'build', certificate: true, workloads: [], keys: [], ...rule });
const ci = (rule: Partial<WorkloadRule>): SignerRule =>
  signer({ workloads: [{ id: 'ci', issuer: 'https://issuer.example', ...rule }] });
const keys = (...rules: Partial<KeyRule>[]): SignerRule =>
  signer({ certificate: false, keys: rules.map((rule) => ({ keyId: 'K', publicKey: '', ...rule })) });
const mismatch = (author: Author, rule: SignerRule, at = NOON): string | undefined =>
  matchAuthor({ author, time: { at, authority: 'TSA', development: false } }, rule)?.code;

test('a workload is matched by its issuer, exactly', () => {
  expect(mismatch(job, ci({}))).toBeUndefined();
  for (const issuer of [
    'https://issuer.example/',
    'https://issuer.example.evil',
    'HTTPS://issuer.example',
    'https://*',
    '**',
    '',
  ]) {
    expect(mismatch(job, ci({ issuer }))).toBe('identity-mismatch');
  }
});

test.each(CLAIM_NAMES)(
  '%s is matched exactly or by a pattern, and a certificate that is silent on it does not match',
  (claim) => {
    const certified = CLAIMS[claim];
    const { [claim]: _, ...others } = CLAIMS;
    const silent = { ...job, claims: others };
    expect(mismatch(job, ci({ [claim]: certified }))).toBeUndefined();
    expect(
      mismatch(
        job,
        ci({
          [claim]: certified
            .split('/')
            .map((part) => (part === '' ? '' : '*'))
            .join('/'),
        }),
      ),
    ).toBeUndefined();
    for (const wanted of [`${certified}x`, certified.slice(1), certified.toUpperCase().replace(/^\d+$/, '471'), '']) {
      expect(mismatch(job, ci({ [claim]: wanted }))).toBe('identity-mismatch');
    }
    for (const wanted of [certified, '*', '**']) expect(mismatch(silent, ci({ [claim]: wanted }))).toBe('identity-mismatch');
    for (const end of ['\n', '\0', ' ']) {
      expect(mismatch({ ...job, claims: { ...CLAIMS, [claim]: `${certified}${end}` } }, ci({ [claim]: certified }))).toBe(
        'identity-mismatch',
      );
    }
  },
);

test.each([
  ['https://git.example/acme/**', 'https://git.example/acme-evil/app'],
  ['https://git.example/acme/*', 'https://git.example/acme/app/sub'],
  ['https://git.example/acme/**', 'https://git.example/ACME/app'],
  ['https://git.example/acme/**', 'https://git.example/acme/app\n'],
  ['https://git.example/acme/**', 'https://git.example/acme/app\0'],
  ['https://git.example/acme/**', 'https://git.example/acme/../evil/app'],
  ['https://git.example/acme/**', 'https://git.example.evil/acme/app'],
  ['https://git.example/acme/**', 'https://evil.example/https://git.example/acme/app'],
])('a look-alike is another identity: %s is not %j', (repository, certified) => {
  expect(mismatch({ ...job, claims: { ...CLAIMS, repository: certified } }, ci({ repository }))).toBe('identity-mismatch');
});

test('every claim a rule names must match, and one of several rules is enough', () => {
  const rule = { id: 'ci', issuer: 'https://issuer.example', ref: 'refs/heads/main', trigger: 'push' };
  expect(mismatch(job, signer({ workloads: [rule] }))).toBeUndefined();
  expect(mismatch(job, signer({ workloads: [{ ...rule, trigger: 'schedule' }] }))).toBe('identity-mismatch');
  expect(mismatch(job, signer({ workloads: [{ ...rule, trigger: 'schedule' }, rule] }))).toBeUndefined();
  expect(mismatch(job, signer({ workloads: [] }))).toBe('identity-mismatch');
});

test('a further claim in a rule never matches more', () => {
  const pattern = fc.constantFrom(...Object.values(CLAIMS), '*', '**', 'refs/**', 'https://git.example/**', 'x');
  const rule = fc.dictionary(fc.constantFrom(...CLAIM_NAMES), pattern);
  fc.assert(
    fc.property(rule, fc.constantFrom(...CLAIM_NAMES), pattern, (some, claim, wanted) => {
      if (mismatch(job, ci(some)) !== undefined)
        expect(mismatch(job, ci({ [claim]: wanted, ...some }))).toBe('identity-mismatch');
    }),
  );
});

test('a certificate is not a key, nor a key a certificate', () => {
  expect(mismatch(job, keys({}))).toBe('identity-mismatch');
  expect(mismatch(job, { ...ci({}), certificate: false })).toBe('identity-mismatch');
  expect(mismatch(key, ci({}))).toBe('key-not-listed');
});

test('a key counts only where it is listed', () => {
  expect(mismatch(key, keys({}))).toBeUndefined();
  expect(mismatch(key, keys({ keyId: 'k' }))).toBe('key-not-listed');
  expect(mismatch(key, keys())).toBe('key-not-listed');
});

test.each([
  ['from its first instant', { from: NOON }, undefined],
  ['not before', { from: NOON + 1 }, 'key-outside-validity'],
  ['until just before its end', { until: NOON + 1 }, undefined],
  ['not at its end', { until: NOON }, 'key-outside-validity'],
  ['before it was compromised', { compromisedSince: NOON + 1 }, undefined],
  ['not from the instant it was compromised', { compromisedSince: NOON }, 'key-compromised'],
  [
    'not after it was compromised, though its time had not ended',
    { from: 0, until: NOON + 9, compromisedSince: NOON - 1 },
    'key-compromised',
  ],
] as [string, Partial<KeyRule>, string | undefined][])('a key counts %s, by the trusted time', (_, rule, code) => {
  expect(mismatch(key, keys(rule))).toBe(code);
});

test('a key listed for two periods counts in both and not between', () => {
  const rule = keys({ until: NOON - 10 }, { from: NOON + 10 });
  expect([NOON - 11, NOON, NOON + 10].map((at) => mismatch(key, rule, at))).toEqual([
    undefined,
    'key-outside-validity',
    undefined,
  ]);
});

test('a key that one entry calls compromised does not count by another', () => {
  expect(mismatch(key, keys({}, { compromisedSince: NOON }))).toBe('key-compromised');
  expect(mismatch(key, keys({ compromisedSince: NOON }, {}))).toBe('key-compromised');
});

test.each([
  ['before it was compromised', { from: NOON + 1 }, undefined],
  ['not from the instant it was', { from: NOON }, 'workload-compromised'],
  ['not before the end', { from: NOON - 2, until: NOON + 1 }, 'workload-compromised'],
  ['from the end on', { from: NOON - 2, until: NOON }, undefined],
])('a workload counts %s, by the trusted time', (_, span, code) => {
  expect(mismatch(job, ci({ compromised: [{ from: 0, until: 1 }, span] }))).toBe(code);
});

test('a job that one workload calls compromised does not count by another of the same signer', () => {
  const [good, bad] = [
    { id: 'ci', issuer: 'https://issuer.example' },
    { id: 'all', issuer: 'https://issuer.example', compromised: [{ from: NOON }] },
  ];
  expect(mismatch(job, signer({ workloads: [good, bad] }))).toBe('workload-compromised');
  expect(mismatch(job, signer({ workloads: [good, { ...bad, ref: 'refs/heads/other' }] }))).toBeUndefined();
});

test('a refusal says which workload, and from when to when', () => {
  const refused = (until?: number): string | undefined =>
    matchAuthor(
      { author: job, time: { at: NOON, authority: 'TSA', development: false } },
      ci({ compromised: [{ from: NOON - 1000, ...(until === undefined ? {} : { until }) }] }),
    )?.message;
  expect(refused(NOON + 1000)).toBe(
    'it signed at 2026-06-01T12:00:00.000Z; the workload ci counts as compromised from 2026-06-01T11:59:59.000Z until 2026-06-01T12:00:01.000Z',
  );
  expect(refused()).toMatch(/from 2026-06-01T11:59:59\.000Z on$/);
});
