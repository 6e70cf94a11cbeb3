import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { canonicalJson } from '../formats/canonical-json.ts';
import { sha256 } from '../formats/digest.ts';
import type { Json } from '../formats/strict-json.ts';
import { parseRecord, readRecord } from './read-record.ts';
import type { IntentRecord, LogRecord, RecordedArtifact, RefusalRecord, ResultRecord } from './record.ts';
import { requestId } from './request-id.ts';
import { writeRecord } from './write-record.ts';
import { writeSliced } from './write-sliced.ts';

const ARTIFACT: RecordedArtifact = {
  name: 'dist/app.tgz',
  digest: sha256('app'),
  kind: 'package',
  tier: 'production',
  requirements: sha256('requirements'),
};
const BASE = {
  request: sha256('request'),
  time: '2026-06-01T12:00:00.000Z',
  requester: { certified: { issuer: 'https://ci.example', san: 'https://ci.example/job' }, asserted: { requester: 'gitlab:7' } },
  environment: 'production',
  policy: { name: 'central', digest: sha256('policy') },
  host: 'runner-1',
  address: '10.0.0.1',
  job: 'https://ci.example/-/jobs/1',
};
const SIGNER = { id: 'build', key: 'a2V5', certificate: { serial: '01', digest: sha256('certificate') } };
const INTENT: IntentRecord = {
  ...BASE,
  event: 'intent',
  attempt: 2,
  previous: sha256('previous'),
  signer: SIGNER,
  unreached: [{ reference: 'awskms:///alias/release', reason: 'AWS KMS did not answer within 10 s' }],
  bytes: sha256('bytes'),
  decision: { result: 'allow', reasons: ['signwright.yaml:9:5: production'] },
  artifacts: [ARTIFACT],
};
const RESULT: ResultRecord = {
  ...BASE,
  event: 'result',
  intents: [sha256('intent')],
  signer: { id: 'build', key: 'a2V5' },
  outcome: 'signed',
  signature: sha256('signature'),
  evidence: sha256('bundle'),
  signed: '2026-06-01T12:00:01.000Z',
};
const {
  signature: _,
  evidence: __,
  signed: ___,
  ...UNSIGNED
} = RESULT as ResultRecord & { signature: unknown; evidence: unknown; signed: unknown };
const FAILED = { ...UNSIGNED, outcome: 'failed', error: { code: 'unreachable', message: 'the KMS is down' } } as ResultRecord;
const FILES = { ...UNSIGNED, outcome: 'signed', files: 3 } as ResultRecord;
const REFUSAL: RefusalRecord = {
  ...BASE,
  event: 'refusal',
  outcome: 'refused',
  decision: { result: 'deny', reasons: ['unlisted'] },
  artifacts: [{ name: 'src/app.ts' }],
};
const REFUSED_SEGMENT: LogRecord = {
  event: 'segment-refused',
  time: BASE.time,
  segment: 4,
  digest: sha256('segment'),
  reason: 'signed by nobody',
};
const ALL: readonly LogRecord[] = [INTENT, RESULT, FAILED, FILES, REFUSAL, REFUSED_SEGMENT];

describe('a record', () => {
  test.each(ALL.map((record) => [record.event, record] as const))('of type %s is read as it was written', (_, record) => {
    expect(parseRecord(writeRecord(record))).toEqual(record);
  });

  test('has as its id the digest of its bytes', () => {
    const bytes = writeRecord(INTENT);
    expect(readRecord(bytes)).toEqual({ id: sha256(bytes), record: INTENT });
  });

  test('of a later version, or of something else, is listed and not refused', () => {
    for (const bytes of [
      Buffer.from(canonicalJson({ type: 'https://signwright.dev/record/v1', event: 'approval' })),
      Buffer.from(canonicalJson({ type: 'https://signwright.dev/record/v2' })),
      Buffer.from('not JSON'),
      Buffer.from([0xff, 0x00]),
    ]) {
      expect(readRecord(bytes)).toMatchObject({ id: sha256(bytes), record: { event: 'unknown', why: /./ } });
    }
  });

  test('in which any one field is missing, of another type, or beside one that is unknown is not read', () => {
    for (const record of ALL) {
      const written = JSON.parse(writeRecord(record).toString()) as { [key: string]: Json };
      const optional = ['host', 'address', 'job', 'previous', 'unreached', 'slice', 'bytes'];
      for (const key of Object.keys(written)) {
        const { [key]: __, ...without } = written;
        const changed = [...(optional.includes(key) ? [] : [without]), { ...written, [key]: [7] }];
        for (const value of changed) expect(() => parseRecord(Buffer.from(canonicalJson(value as Json)))).toThrow(/the record: /);
      }
      expect(() => parseRecord(Buffer.from(canonicalJson({ ...written, more: 1 })))).toThrow(/unknown field/);
      expect(() => parseRecord(Buffer.from(JSON.stringify({ z: 1, ...written })))).toThrow();
      expect(() => parseRecord(Buffer.concat([writeRecord(record), Buffer.from(' ')]))).toThrow(/canonical/);
    }
  });

  test('of 64 KiB is refused before it is written', () => {
    const name = 'x'.repeat(70_000);
    expect(() => writeRecord({ ...INTENT, artifacts: [{ ...ARTIFACT, name }] })).toThrow(/a log takes less than 65535/);
    expect(() => writeSliced({ ...INTENT, artifacts: [{ ...ARTIFACT, name }] })).toThrow(/a log takes less than 65535/);
  });

  test('keeps names with control characters as they are', () => {
    const named = { ...INTENT, artifacts: [{ ...ARTIFACT, name: 'a\u001b[31m\u0000\n"b' }] };
    expect(parseRecord(writeRecord(named))).toEqual(named);
  });
});

describe('slices', () => {
  test('hold all artifacts once, in order, each in a record that a log takes', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 30_000 }), { minLength: 1, maxLength: 12 }), (lengths) => {
        const artifacts = lengths.map((length, at) => ({ ...ARTIFACT, name: `${at}${'n'.repeat(length)}` }));
        const slices = writeSliced({ ...INTENT, artifacts }).map((bytes) => parseRecord(bytes) as IntentRecord);
        expect(slices.flatMap((slice) => slice.artifacts)).toEqual(artifacts);
        if (slices.length === 1) expect(slices[0]?.slice).toBeUndefined();
        else expect(slices.map(({ slice }) => slice)).toEqual(slices.map((_, at) => ({ number: at + 1, of: slices.length })));
      }),
      { numRuns: 50 },
    );
  });
});

describe('the id of a request', () => {
  const content = {
    artifacts: [ARTIFACT, { ...ARTIFACT, name: 'b' }],
    environment: 'production',
    commit: 'c0ffee',
    requester: 'gitlab:7',
  };

  test('does not depend on the order of its artifacts, nor on the tier that led to what is demanded', () => {
    const other = { ...content, artifacts: content.artifacts.map((one) => ({ ...one, tier: 'renamed' })).reverse() };
    expect(requestId(other)).toBe(requestId(content));
  });

  test.each([
    { environment: 'test' },
    { commit: 'other' },
    { requester: 'gitlab:8' },
    { artifacts: [ARTIFACT] },
    { artifacts: [ARTIFACT, { ...ARTIFACT, name: 'b', digest: sha256('rebuilt') }] },
    { artifacts: [ARTIFACT, { ...ARTIFACT, name: 'b', requirements: sha256('more') }] },
    { artifacts: [ARTIFACT, { ...ARTIFACT, name: 'b', kind: 'sbom' as const }] },
  ])('changes with %j', (change) => {
    expect(requestId({ ...content, ...change })).not.toBe(requestId(content));
  });
});
