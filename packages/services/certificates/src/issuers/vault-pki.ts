import {
  type CertificateIssuer,
  type JsonObject,
  parseCertificate,
  parseStrictJson,
  REMOTE_DEADLINE_MS,
  SignwrightError,
  sanOf,
} from '@signwright/signing-core';
import { callRemote, exchange, type Failure, failureOfStatus, type HttpAnswer } from '@signwright/transport';
import { addressOf, type LastingOptions, notOne } from './ask-issuer.ts';
import { pemRequest } from './pem-request.ts';
import { readIssued } from './read-chain.ts';
import { describeToken, sayable } from './sayable.ts';
import { vaultNameOf } from './vault-name.ts';

/** As {@link LastingOptions}; `url` is the whole path that signs: `https://vault.example/v1/pki/sign/ROLE`. */
export type VaultIssuerOptions = LastingOptions & {
  /** Where the JWT login is mounted; `jwt` unless named. */
  readonly loginMount?: string;
  /** The role to log in as; the PKI role's name unless named. */
  readonly role?: string;
  /** Where both are, if not in the root namespace. */
  readonly namespace?: string;
};

const VAULT = 'Vault';
const MAX_ANSWER = 512 * 1024;
const SIGN_PATH = /^\/v1\/((?:[\w.-]+\/)+sign\/([\w.-]+))$/;

/**
 * The PKI engine of HashiCorp Vault or OpenBao (`POST /v1/pki/sign/ROLE`, their API documentation, "Sign certificate"), with a login
 * by the very ID token the certificate is for. *Experimental*: tried on a fake alone.
 *
 * Vault writes no name that is not asked for, so the one of {@link vaultNameOf} is; the role must allow just that one for whoever is
 * logged in (docs/smoke/vault-pki.md has such a role). A certificate without it, or with another, is refused.
 *
 * @throws when it issues: SignwrightError `denied` where login or role refuse, `configuration` where the address is of no Vault's PKI
 * or the token has no name for it, `invalid-input`, `unreachable`, `cancelled`. When it is made: `configuration` for its address.
 */
export function createVaultIssuer(options: VaultIssuerOptions): CertificateIssuer {
  const url = addressOf(options.url, '');
  const [, path = '', pkiRole = ''] = SIGN_PATH.exec(url.pathname) ?? [];
  if (path === '')
    throw new SignwrightError('configuration', "the address of Vault's PKI names no role to sign by", {
      where: url.host,
      next: 'write all of it: https://vault.example/v1/pki/sign/ROLE',
    });
  const login = `auth/${options.loginMount ?? 'jwt'}/login`;
  const { deadlineMs = REMOTE_DEADLINE_MS, signal, validity } = options;
  const ttl = validity === undefined ? {} : { ttl: `${validity}s` };
  return {
    async issue(csr, idToken) {
      const name = vaultNameOf(idToken, url.host);
      const ask = asking(options, url);
      let token: string | undefined;
      const data = await callRemote(
        { what: VAULT, where: url.host, deadlineMs, signal },
        async (ended) => {
          token ??= tokenIn(await ask(login, { role: options.role ?? pkiRole, jwt: idToken }, 'auth', ended), url.host);
          return ask(path, { csr: pemRequest(csr), uri_sans: [name], format: 'pem', ...ttl }, 'data', ended, token);
        },
        (error) => explain(error, [idToken, token ?? ''], url.host),
      );
      const { certificate, issuing_ca: issuer, ca_chain: chain } = data;
      const above: readonly unknown[] = Array.isArray(chain) && chain.length > 0 ? chain : [issuer];
      const issued = readIssued([certificate, ...above], VAULT, url.host);
      checkName(issued[0], name, url.host);
      return issued;
    },
  };
}

type Asking = (path: string, body: object, member: 'auth' | 'data', signal: AbortSignal, token?: string) => Promise<JsonObject>;

function asking({ ca, namespace }: VaultIssuerOptions, url: URL): Asking {
  return async (path, body, member, signal, token) => {
    const answer = await exchange({
      method: 'POST',
      url: `${url.origin}/v1/${path}`,
      headers: {
        accept: 'application/json',
        'content-type': 'application/json',
        'x-vault-request': 'true',
        ...(namespace === undefined ? {} : { 'x-vault-namespace': `${namespace}/` }),
        ...(token === undefined ? {} : { 'x-vault-token': token }),
      },
      body: JSON.stringify(body),
      ...(ca === undefined ? {} : { ca }),
      maxBytes: MAX_ANSWER,
      signal,
    });
    const found = answer.status === 200 ? objectIn(objectIn(read(answer))?.[member]) : undefined;
    if (answer.status !== 200) throw new Answered(answer, path);
    return found ?? fail(notOne(VAULT, url.host, 'answers'));
  };
}

class Answered extends Error {
  readonly answer: HttpAnswer;
  readonly path: string;

  constructor(answer: HttpAnswer, path: string) {
    super(`status ${answer.status}`);
    this.answer = answer;
    this.path = path;
  }
}

function explain(error: unknown, secrets: readonly string[], host: string): Failure {
  if (!(error instanceof Answered)) throw error;
  const { answer, path } = error;
  const { status } = answer;
  const errors = objectIn(read(answer))?.['errors'];
  const said = sayable(Array.isArray(errors) ? errors.join('; ') : undefined, secrets.join(' '));
  const denied = (what: string, next: string): SignwrightError =>
    new SignwrightError('denied', `${what} (${status})${said}`, { where: host, next });
  const failure = failureOfStatus(
    answer,
    () => {
      if (status !== 400 && status !== 403) return notOne(VAULT, host, `answers ${path} with status ${status}`);
      if (path.startsWith('auth/'))
        return denied(
          `Vault refuses the login at ${path}`,
          `${describeToken(secrets[0] as string)}: the role must have that audience in bound_audiences, and its bound_claims must match`,
        );
      return status === 403
        ? denied(`the login may not update ${path}`, `grant it in a policy: path "${path}" { capabilities = ["update"] }`)
        : denied(
            `Vault refuses to issue a certificate by ${path}`,
            'the role must have allowed_uri_sans for this workload, use_csr_sans=false and require_cn=false (docs/smoke/vault-pki.md)',
          );
    },
    VAULT,
  );
  const { code, message, next = 'run again later' } = failure.error;
  return failure.again ? { ...failure, error: new SignwrightError(code, `${message}${said}`, { where: host, next }) } : failure;
}

function tokenIn({ client_token: token }: JsonObject, host: string): string {
  return typeof token === 'string' && /^[\x21-\x7e]{1,16384}$/.test(token) ? token : fail(notOne(VAULT, host, 'logs in'));
}

/** Fails closed: the role may write another name, or none. */
function checkName(leaf: Uint8Array | undefined, name: string, host: string): void {
  const found = leaf === undefined ? undefined : nameIn(leaf);
  if (found === name) return;
  throw new SignwrightError('invalid-input', `the certificate of Vault does not name ${name} alone, as was asked`, {
    where: host,
    next: 'the role must have use_csr_sans=false, and add no name of its own (docs/smoke/vault-pki.md)',
  });
}

/** The one name in it; what has none, or several, has no identity. */
function nameIn(leaf: Uint8Array): string | undefined {
  try {
    return sanOf(parseCertificate(leaf));
  } catch {
    return undefined;
  }
}

function read({ body }: HttpAnswer): unknown {
  try {
    return parseStrictJson(body, { what: 'the answer', maxBytes: MAX_ANSWER });
  } catch {
    return undefined;
  }
}

function objectIn(value: unknown): JsonObject | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonObject) : undefined;
}

function fail(error: SignwrightError): never {
  throw error;
}
