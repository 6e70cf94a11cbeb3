/**
 * What became of a request that S3 did not answer with success.
 *
 * - `precondition`: the condition of a write did not hold.
 * - `conflict`: another conditional write was under way; nothing was written.
 * - `absent`: there is no such object.
 * - `busy`: refused for now; nothing was written.
 * - `unclear`: nobody can say whether it took effect.
 * - `final`: refused, and will be again.
 */
export type FailureKind = 'precondition' | 'conflict' | 'absent' | 'busy' | 'unclear' | 'final';

export type Failure = {
  readonly kind: FailureKind;
  /** S3's or the system's name of it: `AccessDenied`, `ECONNREFUSED`. */
  readonly code: string;
  readonly status: number | undefined;
  /** What the server says; never shown, for it may quote what was signed. */
  readonly text: string;
  readonly headers: Readonly<Record<string, string>>;
};

const CODE = /^[A-Za-z0-9._]{1,64}$/;
/** Never connected, or refused before it was looked at. */
const BUSY = ['SlowDown', 'RequestTimeout', 'BadDigest', 'ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH'];
const CONFLICTS = ['ConditionalRequestConflict', 'OperationAborted'];
/** As S3 says it itself: what stands before it says 404 of things it has never heard of. */
const ABSENT = ['NoSuchKey', 'NoSuchVersion'];
/** Refused for good, though the status says the server is at fault. */
const FINAL = ['NotImplemented', 'XMinioStorageFull', 'QuotaExceeded'];
const TLS = /^(ERR_TLS_|ERR_SSL_|CERT_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_)/;

/** Reads what the SDK threw. */
export function failureOf(error: unknown): Failure {
  const thrown = error as Thrown;
  const status = thrown.$metadata?.httpStatusCode;
  const named =
    [thrown.Code, thrown.code, thrown.name].find((name): name is string => typeof name === 'string' && CODE.test(name)) ??
    'Error';
  // The SDK's words for an answer that names nothing, as those to HEAD do not.
  const code = status !== undefined && ['Error', 'Unknown', 'UnknownError'].includes(named) ? `HTTP${status}` : named;
  return {
    kind: kindOf(code, status),
    code,
    status,
    text: error instanceof Error ? error.message : '',
    headers: thrown.$response?.headers ?? {},
  };
}

function kindOf(code: string, status: number | undefined): FailureKind {
  if (code === 'PreconditionFailed') return 'precondition';
  if (CONFLICTS.includes(code)) return 'conflict';
  if (ABSENT.includes(code)) return 'absent';
  if (BUSY.includes(code) || status === 429) return 'busy';
  if (FINAL.includes(code) || TLS.test(code)) return 'final';
  // Nothing but an answer that refuses says that nothing was written.
  return status === undefined || status < 300 || status >= 500 ? 'unclear' : 'final';
}

type Thrown = {
  readonly name?: unknown;
  readonly code?: unknown;
  readonly Code?: unknown;
  readonly $metadata?: { readonly httpStatusCode?: number };
  readonly $response?: { readonly headers?: Readonly<Record<string, string>> };
};
