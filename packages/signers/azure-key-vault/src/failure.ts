/** What became of a question that Key Vault, or who issues tokens for it, did not answer with success. */
export type AzureFailure = {
  /** Key Vault's, Entra's, the SDK's or the system's name of it: `KeyNotFound`, `AADSTS700016`, `ECONNREFUSED`. */
  readonly code: string;
  /** As Key Vault names the reason of a 403: `ForbiddenByRbac`, `KeyDisabled`. */
  readonly inner: string;
  readonly status: number | undefined;
  /** What was said; never shown whole. */
  readonly text: string;
  /** Milliseconds it asks to wait. */
  readonly afterMs: number | undefined;
  /** Whether it was about a token, not about the key. */
  readonly signIn: boolean;
};

type Thrown = {
  readonly name?: string;
  readonly message?: string;
  readonly code?: unknown;
  readonly statusCode?: unknown;
  readonly errors?: readonly unknown[];
  readonly cause?: unknown;
  readonly response?: { readonly headers?: { get(name: string): string | undefined } };
  readonly details?: { readonly error?: { readonly code?: unknown; readonly innerError?: { readonly code?: unknown } } };
};

const SIGN_IN = /^(AuthenticationError|CredentialUnavailableError|AggregateAuthenticationError|AuthenticationRequiredError)$/;

/** Reads what the SDKs threw. */
export function failureOf(error: unknown): AzureFailure {
  const thrown = error as Thrown;
  const text = thrown.message ?? '';
  const signIn = SIGN_IN.test(thrown.name ?? '');
  const { code: named, innerError } = thrown.details?.error ?? {};
  const entra = signIn ? /AADSTS\d{4,8}/.exec(text)?.[0] : undefined;
  const system = codeOf(thrown.code) ?? codeOf((thrown.cause as Thrown | undefined)?.code);
  return {
    code: entra ?? codeOf(named) ?? system ?? codeOf(thrown.name) ?? 'Error',
    inner: codeOf(innerError?.code) ?? '',
    status: typeof thrown.statusCode === 'number' ? thrown.statusCode : undefined,
    text,
    afterMs: afterOf(thrown.response?.headers?.get('retry-after')),
    signIn,
  };
}

function codeOf(code: unknown): string | undefined {
  return typeof code === 'string' && /^[A-Za-z][\w.-]{1,63}$/.test(code) ? code : undefined;
}

function afterOf(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,4}$/.test(text) ? Number(text) * 1000 : undefined;
}
