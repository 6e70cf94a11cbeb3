import {
  canonicalDigest,
  type IntentRecord,
  type LogRecord,
  type RecordBase,
  type ResultRecord,
  sha256,
  writeRecord,
} from '@signwright/signing-core';

/** Records by their index, as every reader of a log gives them. */
export type RecordLog = {
  readonly size: number;
  records(from: number, to: number): AsyncIterable<{ index: number; bytes: Uint8Array }>;
};

/** A log of these records. */
export function recordLog(records: readonly (LogRecord | Uint8Array)[]): RecordLog {
  const written = records.map((record) => (record instanceof Uint8Array ? record : writeRecord(record)));
  return logOf(written.length, (index) => written[index] as Uint8Array);
}

/**
 * A log as large as one likes, of which each record is made when it is asked for: requests of many pipelines with artifacts and a
 * KMS key each, an intent and its result one after the other; among a hundred records are two refusals, a failure and two orphans.
 * The same index is always the same record.
 */
export function largeRecordLog(size: number): RecordLog {
  return logOf(size, (index) => writeRecord(recordAt(index)));
}

function logOf(size: number, at: (index: number) => Uint8Array): RecordLog {
  return {
    size,
    async *records(from, to) {
      for (let index = from; index < to; index++) yield { index, bytes: at(index) };
    },
  };
}

const START = Date.parse('2026-01-01T00:00:00Z');
/** Between one request and the next. */
const STEP = 30_000;

/** What {@link largeRecordLog} has at an index. */
export function recordAt(index: number): LogRecord {
  const request = Math.floor(index / 2);
  const place = index % 100;
  if (place === 40 || place === 41) {
    return {
      ...baseOf(index, 0),
      event: 'refusal',
      outcome: 'refused',
      decision: { result: 'deny', reasons: ['the rule "dist/**" is signed in production only by release'] },
      artifacts: artifactsOf(index),
    };
  }
  if (index % 2 === 0) return numberedIntent(request);
  // In the place of the result to the intent before, so that both are orphans.
  if (place === 61) return { ...numberedIntent(request), job: `https://ci.example/again/${request}` };
  return numberedResult(request, place === 81);
}

/** The intent of request number so and so. */
export function numberedIntent(request: number): IntentRecord {
  return {
    ...baseOf(request, 0),
    event: 'intent',
    attempt: 1,
    signer: signerOf(request),
    bytes: sha256(`bytes ${request}`),
    decision: { result: 'allow', reasons: [] },
    artifacts: artifactsOf(request),
  };
}

/** The result of {@link numberedIntent}. */
export function numberedResult(request: number, failed = false): ResultRecord {
  const base = {
    ...baseOf(request, 4000),
    event: 'result' as const,
    intents: [sha256(writeRecord(numberedIntent(request)))],
    signer: signerOf(request),
  };
  if (failed) return { ...base, outcome: 'failed', error: { code: 'unreachable', message: 'the KMS did not answer' } };
  return {
    ...base,
    outcome: 'signed',
    signature: sha256(`signature ${request}`),
    evidence: sha256(`bundle ${request}`),
    signed: new Date(START + request * STEP + 3000).toISOString(),
  };
}

function signerOf(request: number): IntentRecord['signer'] {
  return { id: `signer-${request % 7}`, key: Buffer.from(sha256(`key ${request % 20}`).slice(7), 'hex').toString('base64') };
}

function artifactsOf(request: number): IntentRecord['artifacts'] {
  return Array.from({ length: 1 + (request % 3) }, (_, number) => ({
    name: `dist/team-${request % 50}/app-${request % 400}-1.${request}.${number}.tgz`,
    digest: sha256(`artifact ${request} ${number}`),
    kind: 'package',
    tier: request % 4 === 0 ? 'production' : 'internal',
    requirements: sha256(`requirements ${request % 4}`),
  }));
}

function baseOf(request: number, later: number): RecordBase {
  const repository = `https://gitlab.example/acme/app-${request % 400}`;
  return {
    request: canonicalDigest(['request', request]),
    time: new Date(START + request * STEP + later).toISOString(),
    requester: {
      certified: {
        issuer: 'https://gitlab.example',
        san: `${repository}//.gitlab-ci.yml@refs/heads/main`,
        repository,
        'repository-id': String(1000 + (request % 400)),
        ref: 'refs/heads/main',
        trigger: 'push',
      },
      asserted: {
        repository,
        commit: sha256(`commit ${request}`).slice(7, 47),
        build: String(request),
        requester: `gitlab:${request % 300}`,
      },
    },
    environment: request % 4 === 0 ? 'production' : 'test',
    policy: { name: 'acme', digest: sha256(`policy ${Math.floor(request / 10_000)}`) },
    host: `runner-${request % 40}`,
    address: `10.0.0.${request % 200}`,
    job: `${repository}/-/jobs/${request}`,
  };
}
