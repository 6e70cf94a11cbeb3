import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { canonicalJson } from '../formats/canonical-json.ts';
import { sha256 } from '../formats/digest.ts';
import type { Json } from '../formats/strict-json.ts';
import { parseRecord, readRecord } from './read-record.ts';
import {
  type ApprovalRecord,
  type CertificateRecord,
  type IntentRecord,
  type LogRecord,
  type RecordedArtifact,
  type RefusalRecord,
  type ResultRecord,
  SAID_BY_PEOPLE,
} from './record.ts';
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
const CLOSING = { ...BASE, release: 'app@1.2.0' };
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
const APPROVAL: ApprovalRecord = {
  ...BASE,
  event: 'approval',
  said: 'reject',
  person: 'ann',
  key: 'SHA256:uNiVztksCsDhcc0u9e8BrjJx4ZRzfbyLwVVvNWJbYqQ',
  signature: sha256('signature'),
  evidence: sha256('bundle'),
  signed: '2026-06-01T12:00:01.000Z',
  artifacts: [ARTIFACT],
};
const REVIEW: ApprovalRecord = { ...APPROVAL, said: 'review', about: [sha256('waiver')], artifacts: [] };
const CERTIFICATE: CertificateRecord = {
  ...BASE,
  event: 'certificate',
  said: 'issued',
  authority: 'acme',
  profile: 'ci',
  serial: '0a',
  digest: sha256('certificate'),
  key: 'a2V5',
  subject: 'https://ci.example/job',
};
const REVOKED: CertificateRecord = {
  ...BASE,
  event: 'certificate',
  said: 'revoke',
  serial: '0a',
  person: 'ann',
  evidence: [sha256('order')],
  reason: 'keyCompromise',
};
const REFUSED_SEGMENT: LogRecord = {
  event: 'segment-refused',
  time: BASE.time,
  segment: 4,
  digest: sha256('segment'),
  reason: 'signed by nobody',
};
const ALL: readonly LogRecord[] = [
  { ...INTENT, ...CLOSING },
  INTENT,
  RESULT,
  FAILED,
  FILES,
  REFUSAL,
  APPROVAL,
  REVIEW,
  CERTIFICATE,
  REVOKED,
  REFUSED_SEGMENT,
];

/** A certificate's record says what is known by then; it always says who is answerable. */
function maybeOfCertificate(record: LogRecord): string[] {
  if (record.event !== 'certificate') return [];
  return record.said === 'revoke' ? ['authority', 'serial'] : ['serial', 'digest', 'key', 'subject'];
}

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
      Buffer.from(canonicalJson({ type: 'https://signwright.dev/record/v1', event: 'later' })),
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
      const optional = [
        'release',
        'host',
        'address',
        'job',
        'previous',
        'unreached',
        'slice',
        'bytes',
        'about',
        ...maybeOfCertificate(record),
      ];
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

describe('the record of what a person said', () => {
  const digest = fc.string().map((text) => sha256(text));
  const artifact = fc.record({
    name: fc.string({ unit: 'binary' }),
    digest,
    kind: fc.constantFrom('package' as const, 'image' as const, 'sbom' as const),
    tier: fc.string(),
    requirements: digest,
  });
  const record: fc.Arbitrary<ApprovalRecord> = fc
    .record({
      said: fc.constantFrom(...SAID_BY_PEOPLE),
      person: fc.string({ unit: 'binary' }),
      key: fc.string(),
      signature: digest,
      evidence: digest,
      about: fc.option(fc.array(fc.string({ unit: 'binary' }), { maxLength: 4 }), { nil: undefined }),
      artifacts: fc.array(artifact, { maxLength: 4 }),
    })
    .map(({ about, ...said }) => ({ ...APPROVAL, ...said, ...(about === undefined ? {} : { about }) }));

  test('is read as it was written, whatever is in it', () => {
    fc.assert(
      fc.property(record, (one) => {
        expect(parseRecord(writeRecord(one))).toEqual(one);
      }),
    );
  });

  test.each([
    ['said', 'approved', /said is not one of approve, reject/],
    ['signature', 'AAAA', /signature is not a SHA-256 digest/],
    ['evidence', sha256('x').toUpperCase(), /evidence is not a SHA-256 digest/],
    ['signed', 'yesterday', /signed is not a time/],
    ['about', sha256('waiver'), /about must be a list/],
    ['about', [7], /about\[0\] must be text/],
    ['artifacts', [{ name: 'app.tgz', digest: sha256('app') }], /artifacts\[0\]/],
    ['slice', { number: 3, of: 2 }, /slice is none of its slices/],
    ['outcome', 'signed', /unknown field/],
    ['signer', { id: 'ann', key: 'a2V5' }, /unknown field/],
  ])('is not read where its %s is %j', (field, value, why) => {
    const written = JSON.parse(writeRecord(APPROVAL).toString()) as { [key: string]: Json };
    expect(() => parseRecord(Buffer.from(canonicalJson({ ...written, [field]: value })))).toThrow(why);
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

  test('of what a person said each name the same evidence, and the person', () => {
    const artifacts = Array.from({ length: 1000 }, (_, at) => ({ ...ARTIFACT, name: `dist/${at}/${'n'.repeat(100)}` }));
    const slices = writeSliced({ ...APPROVAL, artifacts }).map((bytes) => parseRecord(bytes) as ApprovalRecord);
    expect(slices.length).toBeGreaterThan(1);
    expect(slices.flatMap((slice) => slice.artifacts)).toEqual(artifacts);
    for (const { slice: _, artifacts: __, ...slice } of slices) {
      const { artifacts: ___, ...whole } = APPROVAL;
      expect(slice).toEqual(whole);
    }
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
    { closes: 'app@1.2.0' },
    { artifacts: [ARTIFACT] },
    { artifacts: [ARTIFACT, { ...ARTIFACT, name: 'b', digest: sha256('rebuilt') }] },
    { artifacts: [ARTIFACT, { ...ARTIFACT, name: 'b', requirements: sha256('more') }] },
    { artifacts: [ARTIFACT, { ...ARTIFACT, name: 'b', kind: 'sbom' as const }] },
  ])('changes with %j', (change) => {
    expect(requestId({ ...content, ...change })).not.toBe(requestId(content));
  });
});
