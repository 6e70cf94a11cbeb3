import { type RefusalRecord, sha256 } from '@signwright/signing-core';
import { numberedIntent, numberedResult, recordAt, recordLog, testApproval } from '@signwright/testkit';
import { expect, test } from 'vitest';
import { briefRows, entryJson, fullRows } from './entry-rows.ts';
import { listRequests } from './list-requests.ts';

test('brief rows fit a terminal: three names, a short request, what came of it', async () => {
  const artifacts = Array.from({ length: 5 }, (_, at) => ({ ...numberedIntent(1).artifacts[0]!, name: `dist/${at}.tgz` }));
  const { columns, rows } = briefRows(await listRequests(recordLog([{ ...numberedIntent(1), artifacts }])));
  expect(Object.fromEntries(columns.map((column, at) => [column, rows[0]?.[at]]))).toEqual({
    index: '0',
    time: '2026-01-01T00:00:30.000Z',
    outcome: 'orphan',
    environment: 'test',
    artifacts: 'dist/0.tgz dist/1.tgz dist/2.tgz and 2 more',
    requester: 'https://gitlab.example/acme/app-1//.gitlab-ci.yml@refs/heads/main',
    signer: 'signer-1',
    request: numberedIntent(1).request.slice(7, 19),
    what: 'release part',
    reason: '',
  });
});

test('brief rows tell the part from the files beside it, a claim from what is certified, and why it was refused', async () => {
  const { bytes: _, ...files } = numberedIntent(1);
  const reasons = [
    'the policy refuses 2 of these, so nothing was signed:',
    '  out/a.map: never signed',
    `  out/b.map: ${'x'.repeat(80)}`,
  ];
  const refusal = { ...(recordAt(40) as RefusalRecord), requester: { asserted: { requester: 'root' } } };
  const refused = { ...refusal, decision: { result: 'deny' as const, reasons } };
  const entries = await listRequests(recordLog([numberedIntent(1), files, refused]));
  const { columns, rows } = briefRows(entries);
  const cells = (name: string): (string | undefined)[] => rows.map((row) => row[columns.indexOf(name)]);
  expect(cells('what')).toEqual(['', 'each file', 'release part']);
  expect(cells('requester')[0]).toBe('root (says so itself)');
  expect(cells('requester')[1]).not.toContain('says so itself');
  expect(cells('reason')[0]).toBe(`out/a.map: never signed; out/b.map: ${'x'.repeat(23)}…`);
  const full = fullRows(entries);
  expect(full.rows[0]?.[full.columns.indexOf('reasons')]).toBe(`out/a.map: never signed; out/b.map: ${'x'.repeat(80)}`);
});

test('full rows say all of an intent with its result, and why where it failed or was refused', async () => {
  const log = recordLog([numberedIntent(1), numberedResult(1), numberedIntent(2), numberedResult(2, true), recordAt(40)]);
  const { columns, rows } = fullRows(await listRequests(log));
  const named = rows.map((row) => Object.fromEntries(columns.map((column, at) => [column, row[at]])));
  expect(named).toMatchObject(
    [
      { index: '4', event: 'refusal', outcome: 'refused', reasons: /production only/ },
      { index: '2', outcome: 'failed', reasons: 'unreachable: the KMS did not answer', result: '3' },
      {
        index: '0',
        event: 'intent',
        outcome: 'signed',
        attempt: '1',
        certified: 'yes',
        signature: sha256('signature 1'),
        evidence: sha256('bundle 1'),
        signed: '2026-01-01T00:00:33.000Z',
        result: '1',
        host: 'runner-1',
      },
    ].map((row) => (row.reasons instanceof RegExp ? { ...row, reasons: expect.stringMatching(row.reasons) } : row)),
  );
  for (const row of rows) expect(row).toHaveLength(columns.length);
});

test('what people said has a row of its own: who, what and about what', async () => {
  const { request, artifacts } = numberedIntent(1);
  const entries = await listRequests(
    recordLog([
      numberedIntent(1),
      testApproval('no', { said: 'reject', request, artifacts }),
      testApproval('let it', { said: 'waive', about: ['attestation:tests', 'window'] }),
      testApproval('seen', { said: 'review', about: [sha256('waiver')] }),
    ]),
  );
  const brief = briefRows(entries);
  const named = brief.rows.map((row) => Object.fromEntries(brief.columns.map((column, at) => [column, row[at]])));
  expect(named).toMatchObject([
    { outcome: 'reviewed', what: 'approval', signer: 'ann', reason: `review: ${sha256('waiver').slice(0, 51)}…` },
    { outcome: 'waived', what: 'approval', signer: 'ann', reason: 'waive: attestation:tests, window' },
    {
      outcome: 'rejected',
      what: 'approval',
      signer: 'ann',
      reason: 'reject',
      artifacts: artifacts.map(({ name }) => name).join(' '),
      request: request.slice(7, 19),
    },
    { outcome: 'orphan', what: 'release part', request: request.slice(7, 19) },
  ]);
  const full = fullRows(entries);
  expect(Object.fromEntries(full.columns.map((column, at) => [column, full.rows[2]?.[at]]))).toMatchObject({
    event: 'approval',
    outcome: '',
    signer: 'ann',
    key: expect.stringMatching(/^SHA256:/),
    certificate: '',
    signed: '2026-11-22T12:00:01Z',
    signature: sha256('signature no'),
    evidence: sha256('evidence no'),
    reasons: 'reject',
    request,
  });
});

test('records that say nothing of a request have a row too, with why they cannot be read', async () => {
  const refused = {
    event: 'segment-refused' as const,
    time: '2026-01-01T00:00:00Z',
    segment: 3,
    digest: sha256('s'),
    reason: 'unknown key',
  };
  const { columns, rows } = fullRows(await listRequests(recordLog([refused, Buffer.from('junk'), numberedResult(9)])));
  const reasons = rows.map((row) => row[columns.indexOf('reasons')]);
  expect(reasons).toEqual(['it answers no intent that waits for it', expect.stringMatching(/not JSON/), 'unknown key']);
});

test('JSON has both records whole, with their places', async () => {
  const [entry] = await listRequests(recordLog([numberedIntent(1), numberedResult(1)]));
  expect(entryJson(entry!)).toMatchObject({
    index: 0,
    outcome: 'signed',
    record: numberedIntent(1),
    result: { index: 1, record: numberedResult(1) },
  });
});
