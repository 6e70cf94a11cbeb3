import { expect, test } from 'vitest';
import type { DrillReport } from './drill-report.ts';
import { renderDrill } from './render-drill.ts';

const REPORT: DrillReport = {
  version: 1,
  result: 'failed',
  at: '2026-11-23T09:00:00.000Z',
  program: '0.1.0',
  policy: { file: 'signwright.yaml', name: 'acme', serial: 4, digest: 'sha256:00' },
  substituted: ['signers build: fresh keys'],
  artifacts: [
    {
      artifact: 'dist/<a>&b.tgz',
      environment: 'production',
      tiers: ['production'],
      at: '2026-11-24T08:00:00.000Z',
      baseline: { allowed: true, ms: 1234 },
      scenarios: [
        { scenario: 'tsa-down', verdict: 'passed', checks: [], findings: ['there is one'], detectionMs: 300, recoveryMs: 1100 },
        {
          scenario: 'broken-chain',
          verdict: 'failed',
          checks: [{ should: 'it does not count', did: 'exit code 0: allow\u001b[31m', ok: false }],
          findings: [],
        },
        { scenario: 'lost-approver', verdict: 'not-applicable', checks: [], findings: [] },
        { scenario: 'clock-skew', verdict: 'error', checks: [], findings: ['it could not be rehearsed: why'] },
      ],
    },
    {
      artifact: 'docs/x',
      environment: 'default',
      tiers: ['internal'],
      at: '2026-11-23T09:00:00.000Z',
      baseline: { allowed: false, ms: 5, why: 'nobody may' },
      scenarios: [],
    },
  ],
};

test('for people it says what failed, what should have been, and how long it took', () => {
  const text = renderDrill(REPORT, 'text');
  expect(text).toContain('drill of signwright.yaml (acme, serial 4): failed');
  expect(text).toContain('a good release: allowed, in 1.2 s');
  expect(text).toMatch(/tsa-down: +passed \(noticed in 0\.3 s, back in 1\.1 s\)\n +note: +there is one/);
  expect(text).toMatch(/broken-chain: +FAILED\n +should: it does not count\n +did: +exit code 0: allow/);
  expect(text).toMatch(/lost-approver: +nothing to fail/);
  expect(text).toMatch(/clock-skew: +NOT RUN\n +note: +it could not be rehearsed: why/);
  expect(text).toContain('NOT ALLOWED, so nothing else was rehearsed: nobody may');
  expect(text).not.toContain('\u001b');
});

test('as JUnit XML what failed is a failure, what could not be run an error, and names are harmless', () => {
  const xml = renderDrill(REPORT, 'junit');
  expect(xml).toContain('<testsuites name="signwright drill" tests="6" failures="1" errors="2" skipped="1"');
  expect(xml).toContain('classname="dist/&lt;a&gt;&amp;b.tgz (production)" name="broken-chain"');
  expect(xml).toContain('<failure message="should: it does not count; did: exit code 0: allow');
  expect(xml).toContain('<error message="nobody may">');
  expect(xml).toContain('<skipped message="the policy has nothing that could fail like this">');
});

test('as JSON it is the report', () => {
  const { did } = REPORT.artifacts[0]?.scenarios[1]?.checks[0] ?? {};
  const read = JSON.parse(renderDrill(REPORT, 'json')) as DrillReport;
  expect(read).toEqual(REPORT);
  expect(read.artifacts[0]?.scenarios[1]?.checks[0]?.did).toBe(did);
});
