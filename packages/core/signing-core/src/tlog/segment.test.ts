import { memorySigner, TEST_SAN, TEST_WORKLOAD, testAuthority, testKeys } from '@signwright/testkit';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseBundle, writeBundle } from '../bundle.ts';
import { SignwrightError } from '../error.ts';
import { sha256 } from '../formats/digest.ts';
import { keyIdOf } from '../keys.ts';
import type { TimestampAuthority } from '../ports/timestamp-authority.ts';
import type { LogRecord } from '../records/record.ts';
import { writeRecord } from '../records/write-record.ts';
import type { KeyRule, SignerRule } from '../requirement.ts';
import { parseTrustRoot } from '../trust-root.ts';
import { encodeEntries } from './entries.ts';
import { type OpenedSegment, openSegment, type SegmentTrust } from './open-segment.ts';
import { MAX_SEGMENT, MAX_SEGMENT_PAYLOAD, MAX_SEGMENT_RECORDS, recordsIn, sealSegment } from './segment.ts';
import { verifierKeyOf } from './verifier-key.ts';

const authority = testAuthority();
const timestamps: TimestampAuthority = { timestamp: async (signature) => authority.timestamp(signature) };
const LOG = testKeys('ed25519', 'log');
const PINNED = testKeys('p256', 'pinned');
const keyRule = ({ publicKey }: typeof PINNED, more: Partial<KeyRule> = {}): KeyRule => ({
  keyId: keyIdOf(publicKey),
  publicKey: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
  ...more,
});
const CI = { id: 'ci', issuer: 'https://issuer.example', repository: 'https://git.example/acme/*' };
const BUILD: SignerRule = { id: 'build', certificate: true, workloads: [CI], keys: [] };
const RELEASE: SignerRule = { id: 'release', certificate: false, workloads: [], keys: [keyRule(PINNED)] };
const ROOT = parseTrustRoot(authority.trustedRoot(), authority.issuers(), 'test');
const TRUST: SegmentTrust = {
  logKeys: [verifierKeyOf('log.example', LOG.publicKey, 'log')],
  trust: { root: ROOT, keys: [keyRule(PINNED)] },
  signers: [BUILD, RELEASE],
};

const CERTIFIED = {
  issuer: TEST_WORKLOAD[8] as string,
  san: TEST_SAN,
  runner: 'self-hosted',
  repository: 'https://git.example/acme/app',
  ref: 'refs/heads/main',
  'repository-id': '4711',
  trigger: 'push',
  subject: 'project:acme/app:ref:main',
};
const TIME = '2026-06-01T12:00:00Z';
const refusal = (certified?: { [name: string]: string }): Uint8Array =>
  writeRecord({
    event: 'refusal',
    outcome: 'refused',
    request: sha256('request'),
    time: TIME,
    requester: { ...(certified ? { certified } : {}), asserted: {} },
    environment: 'default',
    policy: { digest: sha256('policy') },
    decision: { result: 'deny', reasons: ['a test'] },
    artifacts: [{ name: 'app.tgz' }],
  } satisfies LogRecord);
const SEGMENT_REFUSED = writeRecord({ event: 'segment-refused', time: TIME, segment: 0, digest: sha256('x'), reason: 'a test' });

const byCertificate = (leaf = authority.leaf()) => memorySigner(leaf.keys, leaf.der);
const outcome = (opened: OpenedSegment): string => ('refused' in opened ? `refused: ${opened.refused}` : opened.by);
const open = async (bytes: Uint8Array, trust: Partial<SegmentTrust> = {}): Promise<string> =>
  outcome(await openSegment(bytes, { ...TRUST, ...trust }));

test.each([
  ['the log, by Ed25519 and without a timestamp', () => ({ signer: memorySigner(LOG) }), 'the log log.example'],
  [
    'a pinned key',
    () => ({ signer: memorySigner(PINNED), timestamps, log: 'log.example' }),
    `signer release (key ${keyIdOf(PINNED.publicKey)})`,
  ],
  ['a workload', () => ({ signer: byCertificate(), timestamps, log: 'log.example' }), `signer build (${TEST_SAN})`],
])('a segment by %s is taken, record for record', async (_, signing, by) => {
  const records = [refusal(), refusal()];
  const bytes = await sealSegment(records, signing());
  expect(await openSegment(bytes, TRUST)).toEqual({ records: records.map((one) => Buffer.from(one)), by });
  expect(recordsIn(bytes)).toEqual(records.map((one) => Buffer.from(one)));
});

test.each([
  ['an unknown key', () => ({ signer: memorySigner(testKeys('p256', 'stranger')), timestamps }), 'is none of those given'],
  ['a pinned key without a time', () => ({ signer: memorySigner(PINNED) }), 'carries no timestamp'],
  ['a certificate without a time', () => ({ signer: byCertificate() }), 'no timestamp'],
  [
    'a job of another repository',
    () => ({ signer: byCertificate(authority.leaf({ workload: { 12: 'https://git.example/evil/app' } })), timestamps }),
    'repository is "https://git.example/evil/app"',
  ],
  ['an authority nobody trusts', () => ({ signer: byCertificate(testAuthority().leaf()), timestamps }), 'refused: '],
  [
    'an issuer its authority may not assert',
    () => ({ signer: byCertificate(authority.leaf({ workload: { 8: 'https://evil.example' } })), timestamps }),
    'asserts the issuer https://evil.example',
  ],
])('a segment by %s is refused with why', async (_, signing, why) => {
  expect(await open(await sealSegment([refusal()], signing()))).toMatch(/^refused: /);
  expect(await open(await sealSegment([refusal()], signing()))).toContain(why);
});

test('a pinned key counts only for a signer of the policy, and only in its time', async () => {
  const bytes = await sealSegment([refusal()], { signer: memorySigner(PINNED), timestamps, log: 'log.example' });
  const until = { ...RELEASE, keys: [keyRule(PINNED, { until: Date.parse('2026-01-01T00:00:00Z') })] };
  expect(await open(bytes, { signers: [BUILD, until] })).toContain('the key counted until 2026-01-01');
  expect(await open(bytes, { signers: [] })).toBe('refused: the policy names no signer');
});

test('a workload counts only before and after it was compromised', async () => {
  const bytes = await sealSegment([refusal()], { signer: byCertificate(), timestamps, log: 'log.example' });
  const ci = (from: number, until: number) => ({ ...BUILD, workloads: [{ ...CI, compromised: [{ from, until }] }] });
  const far = Date.parse('9999-01-01T00:00:00Z');
  expect(await open(bytes, { signers: [ci(0, far)] })).toMatch(/^refused: .*the workload ci counts as compromised from 1970/);
  expect(await open(bytes, { signers: [ci(0, 1)] })).toBe(`signer build (${TEST_SAN})`);
});

test("a key that is no longer the log's is refused", async () => {
  const bytes = await sealSegment([refusal()], { signer: memorySigner(LOG) });
  expect(await open(bytes, { logKeys: [] })).toContain('is none of those given');
});

test("a record may state its certificate's claims, and no others", async () => {
  const job = { signer: byCertificate(), timestamps, log: 'log.example' };
  expect(await open(await sealSegment([refusal(CERTIFIED), refusal()], job))).toBe(`signer build (${TEST_SAN})`);
  const lie = refusal({ ...CERTIFIED, ref: 'refs/heads/release' });
  expect(await open(await sealSegment([refusal(CERTIFIED), lie], job))).toContain(
    `the record ${sha256(lie)} states certified claims that differ from its signer's certificate`,
  );
  const { trigger: _, ...fewer } = CERTIFIED;
  expect(await open(await sealSegment([refusal(fewer)], job))).toContain('differ from');
  const key = { signer: memorySigner(PINNED), timestamps, log: 'log.example' };
  expect(await open(await sealSegment([refusal(CERTIFIED)], key))).toContain('no certificate carries');
});

test('only the log says that a segment was refused', async () => {
  expect(await open(await sealSegment([SEGMENT_REFUSED], { signer: memorySigner(LOG) }))).toBe('the log log.example');
  expect(await open(await sealSegment([SEGMENT_REFUSED], { signer: byCertificate(), timestamps, log: 'log.example' }))).toContain(
    'only the log itself writes',
  );
});

test('records of later versions, and of anything, are taken', async () => {
  const records = [Buffer.from('{"event":"later"}'), Buffer.alloc(0), Buffer.alloc(65_535)];
  expect(
    await openSegment(await sealSegment(records, { signer: byCertificate(), timestamps, log: 'log.example' }), TRUST),
  ).toMatchObject({
    records,
  });
});

const json = async (): Promise<{ dsseEnvelope: { payloadType: string; payload: string } }> =>
  JSON.parse((await sealSegment([refusal()], { signer: memorySigner(LOG) })).toString());

test('what is no segment is refused as such', async () => {
  const other = await json();
  other.dsseEnvelope.payloadType = 'application/vnd.in-toto+json';
  expect(await open(Buffer.from(JSON.stringify(other)))).toContain(
    'is no envelope of type application/vnd.signwright.segment.v1',
  );
  const cut = await json();
  cut.dsseEnvelope.payload = Buffer.from(cut.dsseEnvelope.payload, 'base64').subarray(0, -1).toString('base64');
  expect(await open(Buffer.from(JSON.stringify(cut)))).toContain('entry 0 (from byte 0) is cut off');
  const empty = await json();
  empty.dsseEnvelope.payload = '';
  expect(await open(Buffer.from(JSON.stringify(empty)))).toContain('holds no record');
  expect(await open(Buffer.from('torn'))).toContain('refused: the segment: is not JSON');
  expect(await open(Buffer.alloc(0))).toContain('is empty');
  const file = writeBundle({
    content: { type: 'message', hash: 'sha256', digest: Buffer.alloc(32), signature: Buffer.alloc(64) },
    key: { type: 'public-key', hint: keyIdOf(LOG.publicKey) },
    timestamps: [],
  });
  expect(await open(file)).toContain('is no envelope');
});

test('no changed bit of a payload or signature goes unnoticed', async () => {
  const bundle = parseBundle(await sealSegment([refusal()], { signer: byCertificate(), timestamps, log: 'log.example' }));
  if (bundle.content.type !== 'envelope') throw new Error('no envelope');
  const { envelope } = bundle.content;
  const flip = (bytes: Buffer, bit: number): Buffer =>
    Buffer.from(bytes.map((byte, at) => (at === bit >> 3 ? byte ^ (1 << (bit & 7)) : byte)));
  await fc.assert(
    fc.asyncProperty(fc.constantFrom('payload' as const, 'signature' as const), fc.nat(), async (part, at) => {
      const changed = { ...envelope, [part]: flip(envelope[part], at % (envelope[part].length * 8)) };
      expect(await open(writeBundle({ ...bundle, content: { type: 'envelope', envelope: changed } }))).toMatch(/^refused: /);
    }),
    { numRuns: 200 },
  );
});

test('a segment has its limits: at least one record, and no more than fit', async () => {
  const signer = memorySigner(LOG);
  await expect(sealSegment([], { signer })).rejects.toThrow('at least one record');
  const record = Buffer.alloc(65_535 - 2);
  const full = Array.from({ length: Math.floor(MAX_SEGMENT_PAYLOAD / 65_535) }, () => record);
  const bytes = await sealSegment(full, { signer });
  expect(bytes.length).toBeLessThanOrEqual(MAX_SEGMENT);
  expect(await open(bytes)).toBe('the log log.example');
  await expect(sealSegment([...full, record], { signer })).rejects.toThrow(RangeError);
  const many = Array.from({ length: MAX_SEGMENT_RECORDS + 1 }, () => Buffer.alloc(0));
  await expect(sealSegment(many, { signer })).rejects.toThrow(RangeError);
  const crowded = await json();
  crowded.dsseEnvelope.payload = encodeEntries(many).toString('base64');
  expect(await open(Buffer.from(JSON.stringify(crowded)))).toContain('has more than 65536 entries');
  expect(await open(Buffer.alloc(MAX_SEGMENT + 1))).toContain('at most 16777216 are read');
});

test('what is no verdict on a segment is thrown: a signer or an authority that cannot be reached', async () => {
  const down = async (): Promise<never> => {
    throw new SignwrightError('unreachable', 'down');
  };
  await expect(
    sealSegment([refusal()], { signer: memorySigner(PINNED), timestamps: { timestamp: down }, log: 'log.example' }),
  ).rejects.toThrow('down');
  await expect(sealSegment([refusal()], { signer: { ...memorySigner(LOG), sign: down } })).rejects.toMatchObject({
    code: 'unreachable',
  });
});

test('what a job signed for another log, or for none, is not taken: nobody moves records from log to log', async () => {
  for (const [log, says] of [
    ['log.example/trial', 'it was signed for the log "log.example/trial"'],
    [undefined, 'it was signed for no log by name'],
  ] as const) {
    const signing = { signer: memorySigner(PINNED), timestamps, ...(log === undefined ? {} : { log }) };
    expect(await open(await sealSegment([refusal()], signing))).toBe(`refused: ${says}`);
  }
});
