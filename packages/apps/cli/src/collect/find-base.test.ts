import { sha256, type VerificationSummary } from '@signwright/signing-core';
import { expect, test } from 'vitest';
import { isBase, productOf } from './find-base.ts';

const REPOSITORY = 'https://git.example/acme/app';
const GROUP = { source: { repository: REPOSITORY, repositoryId: '1', commit: 'c1'.repeat(20) }, tiers: ['closed'] };
const SUMMARY: VerificationSummary = {
  verifier: 'https://cd.acme.example/gate',
  timeVerified: '2026-06-01T12:00:00.000Z',
  resource: 'dist/app.tgz@sha256:00',
  policy: { digest: sha256('policy') },
  inputs: [],
  result: 'PASSED',
  levels: ['SLSA_BUILD_LEVEL_0'],
  environment: 'production',
  tiers: ['closed'],
  requirements: sha256('requirements'),
  waivers: [],
  apart: ['author', 'requester'],
  source: { repository: REPOSITORY, repositoryId: '1', commit: 'c0'.repeat(20) },
  development: false,
};
const isBaseWith = (change: Partial<VerificationSummary>): boolean =>
  isBase({ ...SUMMARY, ...change }, GROUP, 'production', ['author']);

test('an allow of the same repository, environment and tier, duties separated and nothing waived, is a base', () => {
  expect(isBaseWith({})).toBe(true);
  expect(
    isBaseWith({ source: { repository: 'https://git.example/acme/renamed', repositoryId: '1', commit: 'c0'.repeat(20) } }),
  ).toBe(true);
  expect(isBaseWith({ source: { repository: REPOSITORY, commit: 'c0'.repeat(20) } })).toBe(true);
});

test.each<[string, Partial<VerificationSummary>]>([
  ['a deny', { result: 'FAILED' }],
  ['another environment', { environment: 'test' }],
  ['another tier', { tiers: ['open'] }],
  ['more tiers', { tiers: ['closed', 'open'] }],
  ['an allow by a waiver', { waivers: [{ requirement: 'approval:security', evidence: [] }] }],
  ['duties that were not separated', { apart: ['requester'] }],
  ['another repository by its id', { source: { repository: REPOSITORY, repositoryId: '2', commit: 'c0'.repeat(20) } }],
  ['another repository by its name', { source: { repository: 'https://git.example/acme/other', commit: 'c0'.repeat(20) } }],
  ['a commit of another hash', { source: { repository: REPOSITORY, repositoryId: '1', commit: 'c0'.repeat(32) } }],
])('%s is none', (_, change) => {
  expect(isBaseWith(change)).toBe(false);
});

test('an allow without a source is none', () => {
  const { source: _, ...without } = SUMMARY;
  expect(isBase(without, GROUP, 'production', ['author'])).toBe(false);
});

test('one product is the same in each version, and no other', () => {
  expect(productOf('dist/app-1.2.10.tgz')).toBe(productOf('dist/app-1.3.0.tgz'));
  expect(productOf('dist/app-1.2.10.tgz')).not.toBe(productOf('dist/docs-1.2.10.zip'));
});
