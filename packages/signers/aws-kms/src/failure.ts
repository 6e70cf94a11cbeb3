type Thrown = {
  readonly name?: unknown;
  readonly code?: unknown;
  readonly message?: unknown;
  readonly $metadata?: { readonly httpStatusCode?: unknown; readonly requestId?: unknown };
  readonly statusCode?: unknown;
};

/** An error of the SDK, in parts that may be shown (but for `said`). */
export type SdkFailure = {
  /** What AWS, the SDK or the system calls it; `HTTP403` where none does. */
  readonly name: string;
  /** Of the answer, where there was one. */
  readonly status: number | undefined;
  /** What it wrote: to look into, never to show. */
  readonly said: string;
  readonly request: string | undefined;
};

const NAME = /^[A-Za-z0-9._]{1,64}$/;
/** Words of the SDK and of Node for what names nothing. */
const UNNAMED = ['Error', 'Unknown', 'UnknownError', 'AggregateError'];
const UNREACHED = /^(E(CONN[A-Z]+|HOST[A-Z]+|NET[A-Z]+|AI_[A-Z]+|ADDRNOTAVAIL|NOTFOUND|TIMEDOUT|PIPE)|TimeoutError|AbortError)$/;

export function failureOf(error: unknown): SdkFailure {
  const { name, code, message, $metadata, statusCode } = (error ?? {}) as Thrown;
  const answered = $metadata?.httpStatusCode ?? statusCode;
  const status = typeof answered === 'number' ? answered : undefined;
  // Of an answer, `code` may be a field that it has; without one, it is the system's.
  const words = status === undefined ? [code, name] : [name, code];
  const named = words.find((one): one is string => typeof one === 'string' && NAME.test(one) && !UNNAMED.includes(one));
  const request = $metadata?.requestId;
  return {
    name: named ?? (status === undefined ? 'Error' : `HTTP${status}`),
    status,
    said: typeof message === 'string' ? message.slice(0, 2_000) : '',
    request: typeof request === 'string' && /^[A-Za-z0-9-]{1,64}$/.test(request) ? request : undefined,
  };
}

/** That nothing answered: told by the system's own names alone, for every doubt is an answer, after which no other key is used. */
export function isUnreached({ name, status }: SdkFailure): boolean {
  return status === undefined && UNREACHED.test(name);
}
