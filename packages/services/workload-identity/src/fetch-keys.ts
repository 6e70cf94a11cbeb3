import { type JsonObject, parseStrictJson, REMOTE_DEADLINE_MS, SignwrightError } from '@signwright/signing-core';
import { callRemote, exchange, failureOfStatus, type HttpAnswer } from '@signwright/transport';
import type { JSONWebKeySet } from './jose.ts';
import { shown } from './shown.ts';

/** How the issuer is reached. */
export type Reaching = {
  /** Certificates in PEM that are trusted for TLS beside the system's. */
  readonly trustedCa?: readonly string[];
  readonly signal?: AbortSignal;
  /** For both documents with all tries, in milliseconds; 10,000 unless told. */
  readonly deadlineMs?: number;
};

const WHAT = 'the OIDC issuer';
const MAX_DISCOVERY = 64 * 1024;
const MAX_KEYS = 256 * 1024;

/**
 * The keys an issuer signs with now, by OpenID Connect Discovery 1.0. Asked anew each time, so that a rotation is seen at once.
 *
 * @param issuer one the policy names. @throws SignwrightError `unreachable` where it is not reached, `configuration` where its documents
 * are not to be had or lead elsewhere, `invalid-input` where they are unfit or too large.
 */
export async function fetchKeys(issuer: string, { trustedCa, signal, deadlineMs }: Reaching): Promise<JSONWebKeySet> {
  return callRemote(
    { what: WHAT, where: issuer, deadlineMs: deadlineMs ?? REMOTE_DEADLINE_MS, signal },
    async (stop) => {
      const get = async (url: string, maxBytes: number): Promise<JsonObject> => {
        const answer = await exchange({ method: 'GET', url, maxBytes, signal: stop, ...(trustedCa ? { ca: trustedCa } : {}) });
        if (answer.status !== 200) throw new NoDocument(url, answer);
        return objectIn(answer.body, url);
      };
      const discovery = await get(`${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`, MAX_DISCOVERY);
      return keySet(await get(addressOfKeys(discovery, issuer), MAX_KEYS), issuer);
    },
    (error) => failureOfStatus((error as NoDocument).answer, () => refused(error as NoDocument, issuer), WHAT),
  );
}

class NoDocument extends Error {
  readonly url: string;
  readonly answer: HttpAnswer;
  constructor(url: string, answer: HttpAnswer) {
    super();
    this.url = url;
    this.answer = answer;
  }
}

/** On another host or not, but by https where the issuer is. */
function addressOfKeys({ issuer: named, jwks_uri: address }: JsonObject, issuer: string): string {
  if (named !== issuer) {
    throw new SignwrightError('configuration', `the discovery document of ${issuer} is of another issuer: ${shown(named)}`, {
      where: issuer,
      next: 'write the issuer in the policy just as its tokens and its discovery document have it',
    });
  }
  const url = typeof address === 'string' && URL.canParse(address) ? new URL(address) : undefined;
  if (url?.protocol === 'https:' || (url?.protocol === 'http:' && issuer.startsWith('http:'))) return url.href;
  throw new SignwrightError('configuration', `the discovery document of ${issuer} names no https address of keys`, {
    where: issuer,
    next: 'have whoever runs the issuer correct jwks_uri',
  });
}

function keySet({ keys }: JsonObject, issuer: string): JSONWebKeySet {
  if (isKeys(keys)) return { keys: [...keys] };
  throw new SignwrightError('invalid-input', `the keys of ${issuer} are not a set of JSON Web Keys`, { where: issuer });
}

function isKeys(keys: unknown): keys is JSONWebKeySet['keys'] {
  return Array.isArray(keys) && keys.length > 0 && keys.every((key) => typeof key === 'object' && key !== null);
}

function objectIn(body: Buffer, url: string): JsonObject {
  const value = parseStrictJson(body, { what: `the document ${url}`, maxBytes: MAX_KEYS });
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as JsonObject;
  throw new SignwrightError('invalid-input', `the document ${url} is no JSON object`, { where: url });
}

function refused({ url, answer: { status } }: NoDocument, issuer: string): SignwrightError {
  const redirects = status >= 300 && status < 400;
  return new SignwrightError('configuration', `${WHAT} does not give ${url} (status ${status})`, {
    where: issuer,
    next: redirects
      ? 'redirects are not followed here: let the issuer serve it at that address'
      : 'check the issuer’s address in the policy, and that its discovery is readable without credentials',
  });
}
