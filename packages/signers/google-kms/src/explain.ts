import { type ErrorCode, SignwrightError } from '@signwright/signing-core';
import type { Failure } from '@signwright/transport';

/** What was asked of Google Cloud KMS, for the message: the permission it takes, of whom where that is known. */
export type Asked = { readonly permission: string; readonly identity: string | undefined; readonly where: string };

/** `again`: it may pass within seconds, and is tried again. */
type Explanation = readonly [code: ErrorCode, problem: string, next: string, again?: 'again'];
type Explain = (asked: Asked, said: string, reason: string | undefined) => Explanation;

/** The code of our own finding that an answer is not what was sent. */
export const CORRUPTED = 'CORRUPTED';

const ROLE: { readonly [permission: string]: string } = {
  'cloudkms.cryptoKeyVersions.viewPublicKey': 'roles/cloudkms.publicKeyViewer',
  'cloudkms.cryptoKeyVersions.useToSign': 'roles/cloudkms.signer',
};

const denied: Explain = ({ permission, identity }, _, reason) => {
  if (reason === 'SERVICE_DISABLED')
    return [
      'configuration',
      'the Cloud KMS API is not enabled in the project',
      'enable it: gcloud services enable cloudkms.googleapis.com',
    ];
  const who = identity ?? 'the account in use';
  return [
    'configuration',
    `${who} may not do ${permission} with this key, or there is no such key`,
    `grant ${permission} on the key (${ROLE[permission]} has it) to ${who}; "gcloud auth list" and the credentials' file say who that is`,
  ];
};
const noKey: Explain = () => [
  'configuration',
  'there is no such key, or not this version of it',
  'check project, location, key ring, key and version: "gcloud kms keys versions list" shows what is there',
];
const badState: Explain = (_, said) => {
  const state =
    /\b(DISABLED|DESTROYED|DESTROY_SCHEDULED|PENDING_GENERATION|PENDING_IMPORT|IMPORT_FAILED|[A-Z]{1,40}_EXTERNAL_[A-Z_]{1,40})\b/.exec(
      said,
    );
  return [
    'configuration',
    state === null ? 'the key version cannot be used as it is' : `the key version is not enabled but ${state[1]}`,
    'see its state with "gcloud kms keys versions describe"; "enable" and "restore" bring it back',
  ];
};
const invalid: Explain = (asked, said, reason) =>
  /checksum|crc32c/i.test(said)
    ? corrupted(asked, said, reason)
    : [
        'configuration',
        'Google Cloud KMS does not accept the request',
        'check that the key signs by EC_SIGN_P256_SHA256, which is sent the digest alone; a key of EC_SIGN_ED25519 takes short messages only',
      ];
/** It has answered, so that this is no matter of the next key: whoever stands between would choose which one signs. */
const corrupted: Explain = () => [
  'invalid-input',
  'what was sent or answered was corrupted in transit',
  'run again; if it lasts, look for a proxy on the way',
  'again',
];
const throttled: Explain = () => [
  'unreachable',
  'Google Cloud KMS is throttled: too many requests',
  'run again later, lower the concurrency, or raise the quota of cryptographic requests',
  'again',
];
const broken: Explain = () => ['unreachable', 'Google Cloud KMS is broken', 'run again later', 'again'];
/**
 * Google has answered, about who asks: a run that stops is seen and put right, while one that goes on with the next key, and writes
 * that this one was not reached, would say what is not so. Who can let credentials expire must not so choose the key.
 */
const expired: Explain = () => ['configuration', 'the credentials have expired', 'get new ones, then run again'];
const unreadable: Explain = () => [
  'invalid-input',
  'Google Cloud KMS gave an answer that cannot be read, or is too large',
  'look for a proxy on the way that answers in its place',
];
const unasked: Explain = () => [
  'configuration',
  'Google Cloud KMS cannot be asked',
  'check the reference and the credentials, then run again',
];
const badCredentials: Explain = (asked, said, reason) =>
  reason === 'ACCESS_TOKEN_EXPIRED'
    ? expired(asked, said, reason)
    : [
        'configuration',
        'the credentials are not accepted',
        'check GOOGLE_APPLICATION_CREDENTIALS and that its account is neither disabled nor deleted',
      ];
const unanswered: Explain = () => [
  'unreachable',
  'Google Cloud KMS was not reached',
  'check that cloudkms.googleapis.com:443 is reached from here, then run again',
];
/** gRPC says UNAVAILABLE of what is broken there, and of what was never reached. */
const unavailable: Explain = (asked, said, reason) => {
  if (/certificate|self.signed|unable to verify|altnames/i.test(said))
    return [
      'configuration',
      'the certificate of its server is not trusted',
      'look for a proxy on the way; NODE_EXTRA_CA_CERTS=FILE adds an authority',
    ];
  const silent = /no connection established|name resolution|\bE[A-Z]{4,}\b|failed to connect|connection dropped/i.test(said);
  return silent ? unanswered(asked, said, reason) : broken(asked, said, reason);
};

/** By gRPC's status codes, as google.rpc.Code has them. */
const KNOWN: { readonly [code: string]: readonly [name: string, explain: Explain] } = {
  [CORRUPTED]: ['CRC32C', corrupted],
  1: ['CANCELLED', unanswered],
  2: ['UNKNOWN', broken],
  3: ['INVALID_ARGUMENT', invalid],
  4: ['DEADLINE_EXCEEDED', broken],
  5: ['NOT_FOUND', noKey],
  7: ['PERMISSION_DENIED', denied],
  8: ['RESOURCE_EXHAUSTED', throttled],
  9: ['FAILED_PRECONDITION', badState],
  10: ['ABORTED', invalid],
  11: ['OUT_OF_RANGE', invalid],
  12: ['UNIMPLEMENTED', invalid],
  13: ['INTERNAL', broken],
  14: ['UNAVAILABLE', unavailable],
  15: ['DATA_LOSS', broken],
  16: ['UNAUTHENTICATED', badCredentials],
};

/** gRPC's own words for what came and was no answer of the service; its codes for them are those of a service that is broken or busy. */
const NO_ANSWER = /Received message larger than max|Response message parsing error|Received HTTP status code [1-4]/;

/** What Google Cloud KMS answered, or that it did not, as an error of ours; never what it wrote. */
export function explain(asked: Asked, error: unknown): Failure {
  const { code, message, reason } = error as { code?: unknown; message?: unknown; reason?: unknown };
  const [name, known] = KNOWN[String(code)] ?? ['no status', unasked];
  const why = typeof reason === 'string' && /^[A-Z0-9_]{1,64}$/.test(reason) ? reason : undefined;
  const said = typeof message === 'string' ? message.slice(0, 2_000) : '';
  const say = ['UNKNOWN', 'RESOURCE_EXHAUSTED', 'INTERNAL'].includes(name) && NO_ANSWER.test(said) ? unreadable : known;
  const [result, problem, next, again] = say(asked, said, why);
  const details = why === undefined ? name : `${name}, ${why}`;
  return {
    again: again !== undefined,
    error: new SignwrightError(result, `${problem} (${details})`, { where: asked.where, next }),
  };
}

type Thrown = {
  readonly message?: unknown;
  readonly code?: unknown;
  readonly status?: unknown;
  readonly response?: {
    readonly status?: unknown;
    readonly data?: { readonly error?: unknown; readonly error_description?: unknown };
  };
};

/** No default credentials, or none that can be used. */
export function noCredentials(error: unknown, where: string): SignwrightError {
  const { message, code, status, response } = error as Thrown;
  const answered = Number(response?.status ?? status);
  const why = [response?.data?.error, code].find(
    (one): one is string => typeof one === 'string' && /^[A-Za-z0-9_]{1,40}$/.test(one),
  );
  const name = why ?? (Number.isFinite(answered) ? `HTTP ${answered}` : 'none found');
  const described = `${String(response?.data?.error_description)} ${String(message)}`;
  if (
    answered >= 500 ||
    answered === 429 ||
    (!Number.isFinite(answered) && /^E(CONN|HOST|NET|AI_|NOTFOUND|TIMEDOUT|PIPE)/.test(name))
  )
    return new SignwrightError('unreachable', `what issues the credentials for Google Cloud did not answer (${name})`, {
      where,
      next: 'run again; if it lasts, check that sts.googleapis.com, or the metadata server, is reached from here',
    });
  if (Number.isFinite(answered) && /expired|stale/i.test(described))
    return new SignwrightError('configuration', `the credentials for Google Cloud have expired (${name})`, {
      where,
      next: 'get new ones, then run again',
    });
  return new SignwrightError('configuration', `there are no credentials for Google Cloud that can be used (${name})`, {
    where,
    next: 'let GOOGLE_APPLICATION_CREDENTIALS name the file of a workload identity provider that trusts the job, or run "gcloud auth application-default login"',
  });
}
