import { type ErrorCode, SignwrightError } from '@signwright/signing-core';
import type { Failure } from './failure.ts';

/** What was asked of S3, for the message: the permission it takes, of whom, about what. */
export type Asked = { readonly action: string; readonly bucket: string; readonly where: string };

type Explanation = readonly [ErrorCode, problem: string, next: string];
type Explain = (asked: Asked, failure: Failure) => Explanation;

const refused: Explain = ({ action, bucket }) => [
  'configuration',
  `these credentials may not do ${action} there`,
  action === 's3:GetObject'
    ? `grant s3:GetObject and s3:ListBucket on the bucket ${bucket}; without the second S3 denies what does not exist`
    : `grant ${action} on the bucket ${bucket}, and the use of its KMS key where it has one`,
];
const otherRegion: Explain = ({ bucket }, failure) => {
  const region = failure.headers['x-amz-bucket-region'];
  return region !== undefined && /^[a-z0-9-]{1,63}$/.test(region)
    ? ['configuration', `the bucket ${bucket} is in the region ${region}`, `say region=${region}`]
    : ['configuration', `the bucket ${bucket} is in another region`, 'say in which, as in region=eu-central-1'];
};
const noLock: Explain = ({ bucket }) => [
  'configuration',
  `the bucket ${bucket} has no Object Lock, which a bucket gets at its creation only`,
  'make a new bucket with Object Lock, and name that',
];
const badCredentials: Explain = () => [
  'configuration',
  'the credentials are not accepted',
  'check the access key, its secret and the session token: all three must be of one issue, and for this server',
];
const expired: Explain = () => [
  'unreachable',
  'the credentials have expired',
  'get new ones, or have them issued for longer, then run again',
];
const full: Explain = () => ['unreachable', 'the store is full', 'free space or raise its quota, then run again'];

const noBucket: Explain = ({ bucket }) => [
  'configuration',
  `there is no bucket ${bucket}`,
  'check its name, the region and the endpoint, or make the bucket',
];

const KNOWN: Readonly<Record<string, Explain>> = {
  NoSuchBucket: noBucket,
  NotFound: noBucket,
  HTTP404: noBucket,
  AccessDenied: refused,
  AllAccessDisabled: refused,
  HTTP403: refused,
  Forbidden: refused,
  InvalidAccessKeyId: badCredentials,
  SignatureDoesNotMatch: badCredentials,
  InvalidToken: badCredentials,
  InvalidTokenId: badCredentials,
  ExpiredToken: expired,
  ExpiredTokenException: expired,
  TokenRefreshRequired: expired,
  RequestExpired: expired,
  RequestTimeTooSkewed: (_, { headers }) => [
    'configuration',
    `this machine's clock is ${skewOf(headers['date'])} the store's`,
    'set the clock (NTP), then run again: records would carry a wrong time too',
  ],
  PermanentRedirect: otherRegion,
  AuthorizationHeaderMalformed: otherRegion,
  IllegalLocationConstraintException: otherRegion,
  HTTP301: otherRegion,
  ObjectLockConfigurationNotFoundError: noLock,
  TemporaryRedirect: () => ['unreachable', 'the bucket is just being made or moved', 'run again in some minutes'],
  InvalidObjectState: () => [
    'configuration',
    'it was moved to an archive, where it cannot be read',
    'restore it, and let no lifecycle rule archive what this store keeps',
  ],
  NotImplemented: () => [
    'configuration',
    'the server does not know what is asked of it: conditional writes or Object Lock',
    'use a server that has them, as Amazon S3 and MinIO do',
  ],
  XMinioStorageFull: full,
  QuotaExceeded: full,
  ENOTFOUND: () => ['unreachable', 'its host has no address', 'check the endpoint, the region and DNS, then run again'],
  ECONNREFUSED: () => [
    'unreachable',
    'its host refuses connections',
    'check the endpoint and that the server runs, then run again',
  ],
};
const TRANSPORT_NEXT = 'check that the server is up and reached from here, then run again';

/** What S3 answered, as the error of a store: what, where, and what to do; never what a server wrote, nor a credential. */
export function explain(asked: Asked, failure: Failure): SignwrightError {
  const [code, problem, next] = explanationOf(asked, failure);
  const request = failure.headers['x-amz-request-id'];
  const details =
    request !== undefined && /^[A-Za-z0-9-]{1,64}$/.test(request) ? `${failure.code}, request ${request}` : failure.code;
  return new SignwrightError(code, `the store cannot use ${asked.where}: ${problem} (${details})`, { where: asked.where, next });
}

function explanationOf(asked: Asked, failure: Failure): Explanation {
  const known = Object.hasOwn(KNOWN, failure.code) ? KNOWN[failure.code] : undefined;
  if (known !== undefined) return known(asked, failure);
  if (failure.code === 'InvalidRequest' && /object ?lock ?configuration/i.test(failure.text)) return noLock(asked, failure);
  if (/CERT|TLS|SSL|SIGNATURE/.test(failure.code)) {
    return [
      'configuration',
      'the certificate of its server is not trusted',
      'check the endpoint; NODE_EXTRA_CA_CERTS adds an authority',
    ];
  }
  if (failure.kind === 'final') return ['configuration', 'it was refused', 'look the code up in the documentation of the server'];
  return ['unreachable', failure.status === undefined ? 'it did not answer' : 'it is not available', TRANSPORT_NEXT];
}

/** Whether the failure says that a lock stands in the way. Amazon denies access, MinIO calls the request invalid. */
export function saysLocked(failure: Failure): boolean {
  return /object lock|WORM/i.test(failure.text);
}

function skewOf(date: string | undefined): string {
  const minutes = Math.round((Date.now() - Date.parse(date ?? '')) / 60_000);
  if (!Number.isFinite(minutes) || minutes === 0) return 'far from';
  return `${Math.abs(minutes)} minutes ${minutes < 0 ? 'behind' : 'ahead of'}`;
}
