import { type ErrorCode, SignwrightError } from '@signwright/signing-core';
import type { Failure } from '@signwright/transport';
import { failureOf, isUnreached, type SdkFailure } from './failure.ts';

/** What was asked of AWS KMS, for the message: the permission it takes, about which key. */
export type Asked = {
  readonly permission: string;
  readonly key: string;
  readonly region: string | undefined;
  readonly where: string;
};

/** `again`: it may pass within seconds, and is tried again. */
type Explanation = readonly [code: ErrorCode, problem: string, next: string, again?: 'again'];
type Explain = (asked: Asked, said: string) => Explanation;

const denied: Explain = ({ permission, key, region }, said) => {
  const who = /\barn:aws[a-z-]*:(?:iam|sts)::[\w+=,.@:/-]{1,200}/.exec(said)?.[0] ?? 'this identity';
  const absent = /does not exist in this region/i.test(said) ? `, or there is no such key in ${region}` : '';
  return [
    'configuration',
    `${who} may not do ${permission} with ${key}${absent}`,
    `allow ${permission} for it on this key, in the key's policy or (where that lets IAM decide) in a policy of the identity`,
  ];
};
const noKey: Explain = ({ key, region }) => [
  'configuration',
  `there is no key ${key} in ${region}`,
  'check the name, the region (?region=… or AWS_REGION) and the account; "aws kms describe-key --key-id KEY" shows what is there',
];
const disabled: Explain = ({ key }) => ['configuration', `the key is disabled`, `enable it: aws kms enable-key --key-id ${key}`];
const badState: Explain = (_, said) => {
  const state = /\bis (pending [a-z ]{3,40}|creating|updating|unavailable)\b/i.exec(said)?.[1];
  return [
    'configuration',
    `the key's state does not allow it${state === undefined ? '' : `: ${state.toLowerCase()}`}`,
    'see its state with "aws kms describe-key"; a deletion is undone with cancel-key-deletion, a key store is connected again',
  ];
};
const wrongUse: Explain = () => [
  'configuration',
  'the key does not sign, or not by this algorithm',
  'use a key with KeyUsage SIGN_VERIFY that signs by ECDSA_SHA_256, ECDSA_SHA_384, RSASSA_PKCS1_V1_5_SHA_256 or ED25519_SHA_512',
];
const invalid: Explain = () => [
  'configuration',
  'AWS KMS does not accept the request',
  'check the reference and the endpoint; look the code up in the AWS KMS API Reference',
];
const throttled: Explain = ({ permission, region }) => [
  'unreachable',
  `AWS KMS is throttled: too many requests in ${region}`,
  `run again later, lower the concurrency, or raise the quota for ${permission.slice('kms:'.length)} requests of this key type`,
  'again',
];
const unavailable: Explain = () => ['unreachable', 'AWS KMS could not use the key just now', 'run again later', 'again'];
const broken: Explain = () => ['unreachable', 'AWS KMS is broken', 'run again later', 'again'];
/**
 * AWS KMS has answered, about who asks: a run that stops is seen and put right, while one that goes on with the next key, and writes
 * that this one was not reached, would say what is not so. Who can let credentials expire must not so choose the key.
 */
const expired: Explain = () => [
  'configuration',
  'the credentials have expired',
  'get new ones, or have them issued for longer, then run again',
];
const badCredentials: Explain = () => [
  'configuration',
  'the credentials are not accepted',
  'check the access key, its secret and the session token: all three must be of one issue, and for this partition',
];
const badSignature: Explain = (asked, said) =>
  /expired|not yet current|skew|is now (earlier|later)/i.test(said) ? skewed(asked, said) : badCredentials(asked, said);
const skewed: Explain = () => [
  'configuration',
  "this machine's clock is far from that of AWS",
  'set the clock (NTP), then run again: records would carry a wrong time too',
];
const unanswered: Explain = () => [
  'unreachable',
  'AWS KMS did not answer',
  'check the region, the endpoint and that it is reached from here, then run again',
];
const unreadable: Explain = () => [
  'invalid-input',
  'AWS KMS gave an answer that cannot be read',
  'check the endpoint, and look for a proxy on the way that answers in its place',
];
const unasked: Explain = () => ['configuration', 'AWS KMS cannot be asked', 'check the region, the endpoint and the profile'];
const untrusted: Explain = () => [
  'configuration',
  'the certificate of its server is not trusted',
  'check the endpoint; NODE_EXTRA_CA_CERTS=FILE adds an authority',
];

/** By the name that AWS or the system gives it: "Errors" of Sign and GetPublicKey, and "Common errors", AWS KMS API Reference. */
const KNOWN: { readonly [name: string]: Explain } = {
  AccessDeniedException: denied,
  AccessDenied: denied,
  NotAuthorized: denied,
  OptInRequired: denied,
  NotFoundException: noKey,
  InvalidArnException: noKey,
  DisabledException: disabled,
  KMSInvalidStateException: badState,
  InvalidKeyUsageException: wrongUse,
  UnsupportedOperationException: wrongUse,
  ValidationException: invalid,
  ValidationError: invalid,
  KeyUnavailableException: unavailable,
  DependencyTimeoutException: unavailable,
  KMSInternalException: broken,
  InternalFailure: broken,
  ServiceUnavailable: broken,
  ServiceUnavailableException: broken,
  ThrottlingException: throttled,
  Throttling: throttled,
  LimitExceededException: throttled,
  RequestLimitExceeded: throttled,
  TooManyRequestsException: throttled,
  ExpiredTokenException: expired,
  ExpiredToken: expired,
  UnrecognizedClientException: badCredentials,
  InvalidClientTokenId: badCredentials,
  MissingAuthenticationToken: badCredentials,
  MissingAuthenticationTokenException: badCredentials,
  IncompleteSignature: badCredentials,
  IncompleteSignatureException: badCredentials,
  InvalidSignatureException: badSignature,
  SignatureDoesNotMatch: badSignature,
  RequestExpired: skewed,
  RequestTimeTooSkewed: skewed,
};

const TLS = /CERT|^ERR_(TLS|SSL)_|SELF_SIGNED|LEAF_SIGNATURE/;

/** What AWS KMS answered, or that it did not, as an error of ours; never what it wrote, but for the identity it names. */
export function explain(asked: Asked, error: unknown): Failure {
  const failure = failureOf(error);
  const { name, said, request } = failure;
  const [code, problem, next, again] = explanationOf(failure)(asked, said);
  const details = request === undefined ? name : `${name}, request ${request}`;
  return {
    again: again !== undefined,
    error: new SignwrightError(code, `${problem} (${details})`, { where: asked.where, next }),
  };
}

/** Lets an answer that the SDK could not read be explained by its status, where its error would pass for a defect of ours. */
export function answered(error: unknown): never {
  const { status, request } = failureOf(error);
  const isNamed = typeof (error as { $fault?: unknown }).$fault === 'string';
  if (status === undefined || isNamed || error instanceof SignwrightError) throw error;
  const $metadata = { httpStatusCode: status, ...(request === undefined ? {} : { requestId: request }) };
  throw Object.assign(new Error('an answer that cannot be read'), { $metadata });
}

function explanationOf(failure: SdkFailure): Explain {
  const { name, status } = failure;
  const known = Object.hasOwn(KNOWN, name) ? KNOWN[name] : undefined;
  if (known !== undefined) return known;
  if (status === undefined) return TLS.test(name) ? untrusted : isUnreached(failure) ? unanswered : unasked;
  if (status === 429) return throttled;
  if (status >= 500) return broken;
  return status < 300 ? unreadable : status === 403 ? denied : invalid;
}

/** The region is not known. */
export function noRegion(cause: unknown, where: string): SignwrightError {
  return new SignwrightError('configuration', 'the region of the key is not known', {
    where,
    next: 'say it in the reference (awskms:///alias/NAME?region=eu-central-1, or an ARN), or set AWS_REGION',
    cause,
  });
}

/** An answer that is none: its fields are not what AWS KMS has there. The next key is not used for it. */
export function unreadableAnswer(what: string, where: string): SignwrightError {
  return new SignwrightError('invalid-input', `AWS KMS gave an answer that cannot be read: ${what}`, {
    where,
    next: 'check the endpoint, and look for a proxy on the way that answers in its place',
  });
}
