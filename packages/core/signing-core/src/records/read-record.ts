import { KINDS, type Kind } from '../artifact.ts';
import { messageOf, SignwrightError } from '../error.ts';
import { canonicalJson } from '../formats/canonical-json.ts';
import { isSha256, type Sha256, sha256 } from '../formats/digest.ts';
import { type FieldReader, fieldReader } from '../formats/read-json.ts';
import { type Json, type JsonObject, parseStrictJson } from '../formats/strict-json.ts';
import {
  type IntentRecord,
  type LogRecord,
  MAX_RECORD,
  RECORD,
  type ReadRecord,
  type RecordBase,
  type RecordedArtifact,
  SAID_BY_PEOPLE,
  SAID_OF_CERTIFICATES,
} from './record.ts';

const BASE = [
  'type',
  'event',
  'request',
  'time',
  'requester',
  'environment',
  'policy',
  'release',
  'host',
  'address',
  'job',
] as const;

/** Reads a record of a log. What is none of this version's is said to be so; a log may hold what others wrote. */
export function readRecord(bytes: Uint8Array): ReadRecord {
  const id = sha256(bytes);
  try {
    return { id, record: parseRecord(bytes) };
  } catch (error) {
    if (!(error instanceof SignwrightError) || error.code !== 'invalid-input') throw error;
    return { id, record: { event: 'unknown', why: messageOf(error) } };
  }
}

/** @throws SignwrightError `invalid-input` where it is not the canonical JSON of a record of this version. */
export function parseRecord(bytes: Uint8Array): LogRecord {
  const read = recordReader();
  const value = read.record(parseStrictJson(bytes, { what: 'the record', maxBytes: MAX_RECORD }), '');
  if (Buffer.compare(Buffer.from(canonicalJson(value)), bytes) !== 0) read.fail('', 'is not canonical JSON (RFC 8785)');
  if (value['type'] !== RECORD) read.fail('type', `is not ${RECORD}`);
  switch (value['event']) {
    case 'intent':
      return readIntent(read, value);
    case 'result':
      return readResult(read, value);
    case 'refusal':
      return readRefusal(read, value);
    case 'approval':
      return readApprovalRecord(read, value);
    case 'certificate':
      return readCertificateRecord(read, value);
    case 'segment-refused':
      return readSegmentRefused(read, value);
    default:
      return read.fail('event', 'is none that this version knows');
  }
}

type Reader = FieldReader & {
  digest(value: Json | undefined, path: string): Sha256;
  count(value: Json | undefined, path: string): number;
};

function recordReader(): Reader {
  const read = fieldReader('the record');
  return {
    ...read,
    digest(value, path) {
      const text = read.text(value, path);
      return isSha256(text) ? text : read.fail(path, 'is not a SHA-256 digest');
    },
    count(value, path) {
      return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : read.fail(path, 'is not a count');
    },
  };
}

function readBase(read: Reader, value: JsonObject): RecordBase {
  const requester = read.object(value['requester'], 'requester', ['certified', 'asserted']);
  const policy = read.object(value['policy'], 'policy', ['name', 'digest']);
  read.instant(value['time'], 'time');
  return {
    request: read.digest(value['request'], 'request'),
    time: read.text(value['time'], 'time'),
    requester: {
      ...(requester['certified'] === undefined ? {} : { certified: claims(read, requester['certified'], 'requester.certified') }),
      asserted: claims(read, requester['asserted'], 'requester.asserted'),
    },
    environment: read.text(value['environment'], 'environment'),
    policy: { ...optional(read, policy, 'name'), digest: read.digest(policy['digest'], 'policy.digest') },
    ...optional(read, value, 'release'),
    ...optional(read, value, 'host'),
    ...optional(read, value, 'address'),
    ...optional(read, value, 'job'),
  };
}

function readIntent(read: Reader, value: JsonObject): LogRecord {
  read.object(value, '', [
    ...BASE,
    'attempt',
    'previous',
    'signer',
    'unreached',
    'bytes',
    'statement',
    'decision',
    'artifacts',
    'slice',
  ]);
  return {
    ...readBase(read, value),
    event: 'intent',
    attempt: read.count(value['attempt'], 'attempt'),
    ...(value['previous'] === undefined ? {} : { previous: read.digest(value['previous'], 'previous') }),
    signer: readSigner(read, value['signer']),
    ...readUnreached(read, value['unreached']),
    ...(value['bytes'] === undefined ? {} : { bytes: read.digest(value['bytes'], 'bytes') }),
    ...readStatement(read, value['statement']),
    decision: { result: 'allow', reasons: readReasons(read, value['decision'], 'allow') },
    artifacts: readArtifacts(read, value),
    ...readSlice(read, value),
  };
}

function readStatement(read: Reader, value: Json | undefined): Pick<IntentRecord, 'statement'> {
  if (value === undefined) return {};
  const entry = read.object(value, 'statement', ['type', 'result', 'repository', 'commit']);
  const { result } = entry;
  if (result !== undefined && result !== 'PASSED' && result !== 'FAILED')
    read.fail('statement.result', 'is neither PASSED nor FAILED');
  return {
    statement: {
      type: read.text(entry['type'], 'statement.type'),
      ...(result === undefined ? {} : { result }),
      ...optional(read, entry, 'repository'),
      ...optional(read, entry, 'commit'),
    },
  };
}

function readArtifacts(read: Reader, value: JsonObject): RecordedArtifact[] {
  return read.list(value['artifacts'], 'artifacts').map((one, at) => {
    const path = `artifacts[${at}]`;
    const entry = read.object(one, path, ['name', 'digest', 'kind', 'tier', 'requirements']);
    return {
      name: read.text(entry['name'], `${path}.name`),
      digest: read.digest(entry['digest'], `${path}.digest`),
      kind: readKind(read, entry['kind'], `${path}.kind`),
      tier: read.text(entry['tier'], `${path}.tier`),
      requirements: read.digest(entry['requirements'], `${path}.requirements`),
    };
  });
}

const APPROVAL_FIELDS = ['said', 'person', 'key', 'signature', 'evidence', 'signed', 'about', 'artifacts', 'slice'];

function readApprovalRecord(read: Reader, value: JsonObject): LogRecord {
  read.object(value, '', [...BASE, ...APPROVAL_FIELDS]);
  const said = SAID_BY_PEOPLE.find((one) => one === value['said']);
  read.instant(value['signed'], 'signed');
  return {
    ...readBase(read, value),
    event: 'approval',
    said: said ?? read.fail('said', `is not one of ${SAID_BY_PEOPLE.join(', ')}`),
    person: read.text(value['person'], 'person'),
    key: read.text(value['key'], 'key'),
    signature: read.digest(value['signature'], 'signature'),
    evidence: read.digest(value['evidence'], 'evidence'),
    signed: read.text(value['signed'], 'signed'),
    ...(value['about'] === undefined
      ? {}
      : { about: read.list(value['about'], 'about').map((one, at) => read.text(one, `about[${at}]`)) }),
    artifacts: readArtifacts(read, value),
    ...readSlice(read, value),
  };
}

const CERTIFICATE_FIELDS = ['said', 'authority', 'profile', 'serial', 'digest', 'key', 'subject', 'person', 'evidence', 'reason'];

function readCertificateRecord(read: Reader, value: JsonObject): LogRecord {
  read.object(value, '', [...BASE, ...CERTIFICATE_FIELDS]);
  const said = SAID_OF_CERTIFICATES.find((one) => one === value['said']);
  const must = said === 'revoke' ? ['person', 'reason', 'evidence'] : ['authority', 'profile'];
  for (const field of must) if (value[field] === undefined) read.fail(field, 'is missing');
  return {
    ...readBase(read, value),
    event: 'certificate',
    said: said ?? read.fail('said', `is not one of ${SAID_OF_CERTIFICATES.join(', ')}`),
    ...optional(read, value, 'authority'),
    ...optional(read, value, 'profile'),
    ...optional(read, value, 'serial'),
    ...(value['digest'] === undefined ? {} : { digest: read.digest(value['digest'], 'digest') }),
    ...optional(read, value, 'key'),
    ...optional(read, value, 'subject'),
    ...optional(read, value, 'person'),
    ...(value['evidence'] === undefined
      ? {}
      : { evidence: read.list(value['evidence'], 'evidence').map((one, at) => read.digest(one, `evidence[${at}]`)) }),
    ...optional(read, value, 'reason'),
  };
}

function readUnreached(read: Reader, value: Json | undefined): Pick<IntentRecord, 'unreached'> {
  if (value === undefined) return {};
  const unreached = read.list(value, 'unreached').map((one, at) => {
    const entry = read.object(one, `unreached[${at}]`, ['reference', 'reason']);
    return {
      reference: read.text(entry['reference'], `unreached[${at}].reference`),
      reason: read.text(entry['reason'], `unreached[${at}].reason`),
    };
  });
  return { unreached };
}

function readResult(read: Reader, value: JsonObject): LogRecord {
  const signed = value['outcome'] === 'signed';
  const files = signed && value['files'] !== undefined;
  const outcome = files ? ['files'] : signed ? ['signature', 'evidence', 'signed'] : ['error'];
  read.object(value, '', [...BASE, 'intents', 'signer', 'outcome', ...outcome]);
  const common = {
    ...readBase(read, value),
    event: 'result' as const,
    intents: read.list(value['intents'], 'intents').map((one, at) => read.digest(one, `intents[${at}]`)),
    signer: readSigner(read, value['signer']),
  };
  if (common.intents.length === 0) read.fail('intents', 'names none');
  if (files) return { ...common, outcome: 'signed', files: read.count(value['files'], 'files') };
  if (signed) {
    read.instant(value['signed'], 'signed');
    return {
      ...common,
      outcome: 'signed',
      signature: read.digest(value['signature'], 'signature'),
      evidence: read.digest(value['evidence'], 'evidence'),
      signed: read.text(value['signed'], 'signed'),
    };
  }
  if (value['outcome'] !== 'failed') read.fail('outcome', 'is neither signed nor failed');
  const error = read.object(value['error'], 'error', ['code', 'message']);
  return {
    ...common,
    outcome: 'failed',
    error: { code: read.text(error['code'], 'error.code'), message: read.text(error['message'], 'error.message') },
  };
}

function readRefusal(read: Reader, value: JsonObject): LogRecord {
  read.object(value, '', [...BASE, 'outcome', 'decision', 'artifacts', 'slice']);
  const outcome = value['outcome'];
  if (outcome !== 'refused' && outcome !== 'failed') return read.fail('outcome', 'is neither refused nor failed');
  const result = outcome === 'refused' ? 'deny' : 'inconclusive';
  return {
    ...readBase(read, value),
    event: 'refusal',
    outcome,
    decision: { result, reasons: readReasons(read, value['decision'], result) },
    artifacts: read.list(value['artifacts'], 'artifacts').map((one, at) => {
      const path = `artifacts[${at}]`;
      const entry = read.object(one, path, ['name', 'digest', 'kind', 'tier', 'requirements']);
      return {
        name: read.text(entry['name'], `${path}.name`),
        ...(entry['digest'] === undefined ? {} : { digest: read.digest(entry['digest'], `${path}.digest`) }),
        ...(entry['kind'] === undefined ? {} : { kind: readKind(read, entry['kind'], `${path}.kind`) }),
        ...optional(read, entry, 'tier'),
        ...(entry['requirements'] === undefined
          ? {}
          : { requirements: read.digest(entry['requirements'], `${path}.requirements`) }),
      };
    }),
    ...readSlice(read, value),
  };
}

function readSegmentRefused(read: Reader, value: JsonObject): LogRecord {
  read.object(value, '', ['type', 'event', 'time', 'segment', 'digest', 'reason']);
  read.instant(value['time'], 'time');
  return {
    event: 'segment-refused',
    time: read.text(value['time'], 'time'),
    segment: read.count(value['segment'], 'segment'),
    digest: read.digest(value['digest'], 'digest'),
    reason: read.text(value['reason'], 'reason'),
  };
}

function readSigner(
  read: Reader,
  value: Json | undefined,
): { id: string; key: string; certificate?: { serial: string; digest: Sha256 } } {
  const signer = read.object(value, 'signer', ['id', 'key', 'certificate']);
  const named = { id: read.text(signer['id'], 'signer.id'), key: read.text(signer['key'], 'signer.key') };
  if (signer['certificate'] === undefined) return named;
  const certificate = read.object(signer['certificate'], 'signer.certificate', ['serial', 'digest']);
  return {
    ...named,
    certificate: {
      serial: read.text(certificate['serial'], 'signer.certificate.serial'),
      digest: read.digest(certificate['digest'], 'signer.certificate.digest'),
    },
  };
}

function readReasons(read: Reader, value: Json | undefined, expected: string): string[] {
  const decision = read.object(value, 'decision', ['result', 'reasons']);
  if (decision['result'] !== expected) read.fail('decision.result', `is not ${expected}`);
  return read.list(decision['reasons'], 'decision.reasons').map((one, at) => read.text(one, `decision.reasons[${at}]`));
}

function readSlice(read: Reader, value: JsonObject): { slice?: { number: number; of: number } } {
  if (value['slice'] === undefined) return {};
  const slice = read.object(value['slice'], 'slice', ['number', 'of']);
  const [number, of] = [read.count(slice['number'], 'slice.number'), read.count(slice['of'], 'slice.of')];
  if (number < 1 || number > of) read.fail('slice', 'is none of its slices');
  return { slice: { number, of } };
}

function readKind(read: Reader, value: Json | undefined, path: string): Kind {
  const kind = read.text(value, path) as Kind;
  return KINDS.includes(kind) ? kind : read.fail(path, `is not one of ${KINDS.join(', ')}`);
}

function claims(read: Reader, value: Json | undefined, path: string): { readonly [name: string]: string } {
  return Object.fromEntries(
    Object.entries(read.record(value, path)).map(([name, claim]) => [name, read.text(claim, `${path}.${name}`)]),
  );
}

function optional<K extends string>(read: Reader, from: JsonObject, key: K): { [k in K]?: string } {
  return from[key] === undefined ? {} : ({ [key]: read.text(from[key], key) } as { [k in K]: string });
}
