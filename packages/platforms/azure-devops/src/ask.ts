import {
  canonicalDigest,
  type FieldReader,
  fieldReader,
  hasControlCharacter,
  type Json,
  type JsonObject,
  type PlatformAccount,
  platformAccount,
  type Sha256,
  SignwrightError,
} from '@signwright/signing-core';
import { askJson } from '@signwright/transport';

/** One project of Azure DevOps, and how it is asked. */
export type AzureDevopsOptions = {
  /** `https://dev.azure.com/acme`; a collection's address on Azure DevOps Server. */
  readonly organization: string;
  /** The project's name or id. */
  readonly project: string;
  /** The repository's id or name; needed to be asked about commits. */
  readonly repository?: string;
  /** A secret: the job's SYSTEM_ACCESSTOKEN, a personal access token, or a token of Entra. */
  readonly token: string;
  /** For one question with all its requests, in milliseconds; 60,000 unless told. */
  readonly deadlineMs?: number;
  readonly signal?: AbortSignal;
};

/** One question: all its requests share a deadline, and all answers go into one digest. */
export type Ask = {
  /** @param path below `_apis`, with its query. @param scope what the token must be allowed, for messages. */
  get(path: string, scope: string): Promise<JsonObject>;
  /** Asks with a body what an address cannot hold. */
  post(path: string, scope: string, body: JsonObject): Promise<JsonObject>;
  readonly read: FieldReader;
  account(value: Json | undefined, path: string): PlatformAccount;
  /** SHA-256 over RFC 8785 of `{path and body: answer}`. */
  digest(): Sha256;
};

export const WHAT = 'Azure DevOps';
/** The form of a build's id. */
export const BUILD: RegExp = /^[1-9]\d{0,14}$/;
const DEADLINE_MS = 60_000;

/** The project's address, for messages. */
export function whereOf({ organization, project }: AzureDevopsOptions): string {
  const url = URL.canParse(organization) ? new URL(organization) : undefined;
  return `${url === undefined ? 'the organization' : `${url.host}${url.pathname.replace(/\/$/, '')}`}/${project}`;
}

/** @throws SignwrightError `configuration` where something is missing to ask with. */
export function openAsk(options: AzureDevopsOptions): Ask {
  const { organization, project, token, deadlineMs = DEADLINE_MS, signal } = options;
  if (!URL.canParse(organization) || /^(\.{0,2}|.*[/\\].*)$/.test(project) || token === '' || hasControlCharacter(token)) {
    throw new SignwrightError('configuration', 'Azure DevOps cannot be asked without an organization, a project and a token', {
      next: 'name the organization as https://dev.azure.com/NAME, and pass the step SYSTEM_ACCESSTOKEN: $(System.AccessToken)',
    });
  }
  const until = performance.now() + deadlineMs;
  const where = whereOf(options);
  const answers = new Map<string, Json>();
  const read = fieldReader('the answer');
  const headers = {
    authorization: authorizationOf(token),
    accept: 'application/json',
    // Without it a token that is not accepted is answered with a page to sign in.
    'x-tfs-fedauthredirect': 'Suppress',
  };

  async function ask(path: string, scope: string, body?: JsonObject): Promise<JsonObject> {
    const { json } = await askJson({
      what: WHAT,
      where,
      deadlineMs: Math.max(1, Math.round(until - performance.now())),
      signal,
      url: `${organization.replace(/\/$/, '')}/${encodeURIComponent(project)}/_apis${path}`,
      ...(body === undefined
        ? { method: 'GET', headers }
        : { method: 'POST', headers: { ...headers, 'content-type': 'application/json' }, body: JSON.stringify(body) }),
      refusal: ({ status }) => refused(status, scope, where),
    });
    answers.set(body === undefined ? path : `${path} ${JSON.stringify(body)}`, json);
    return read.record(json, '');
  }

  return {
    read,
    get: (path, scope) => ask(path, scope),
    post: ask,
    digest: () => canonicalDigest(Object.fromEntries(answers)),
    account: (value, path) =>
      platformAccount('azure-devops', read.text(read.record(value, path)['id'], `${path}.id`).toLowerCase()),
  };
}

/** A personal access token is a password without a user; others say who they are themselves. */
function authorizationOf(token: string): string {
  const isJwt = token.split('.').length === 3;
  return isJwt ? `Bearer ${token}` : `Basic ${Buffer.from(`:${token}`).toString('base64')}`;
}

function refused(status: number, scope: string, where: string): SignwrightError {
  const next = `give the token the scope ${scope}, and the build service the right to read, for this project`;
  if (status === 401 || status === 203 || (status >= 300 && status < 400))
    return new SignwrightError('configuration', `Azure DevOps does not accept the token (${status})`, { where, next });
  if (status === 403) return new SignwrightError('configuration', 'Azure DevOps refuses the token (403)', { where, next });
  if (status === 404) {
    const problem = 'Azure DevOps has no such project, repository, build or commit, or the token may not see it (404)';
    return new SignwrightError('configuration', problem, { where, next: `check their names; ${next}` });
  }
  return new SignwrightError('unreachable', `Azure DevOps answers with status ${status}`, { where, next: 'run again later' });
}
