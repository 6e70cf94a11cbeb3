import { type Environment, type IdentityProvider, REMOTE_DEADLINE_MS, SignwrightError } from '@signwright/signing-core';
import { callRemote, exchange, failureOfStatus, type HttpAnswer } from '@signwright/transport';

/** The one audience Azure DevOps puts into its ID tokens. */
export const AZURE_AUDIENCE = 'api://AzureADTokenExchange';

const WHAT = 'the ID token service of Azure DevOps';
const CONNECTION = 'SIGNWRIGHT_SERVICE_CONNECTION';
const GUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/**
 * The job's ID token (REST: Distributedtask, Oidctoken – Create, 7.1): of the service connection whose id SIGNWRIGHT_SERVICE_CONNECTION
 * has, else of the pipeline itself. Its audience is Microsoft's, so it is good at Entra too: use a connection without any Azure role.
 */
export function createAzureIdentity(environment: Environment): IdentityProvider {
  return {
    async idToken(audience) {
      checkAudience(audience);
      const { url, token } = requestOf(environment);
      const headers = {
        authorization: `Bearer ${token}`,
        accept: 'application/json',
        'content-type': 'application/json',
        // Without it a token that is not accepted is answered with a page to sign in.
        'x-tfs-fedauthredirect': 'Suppress',
      };
      return callRemote(
        { what: WHAT, where: url.host, deadlineMs: REMOTE_DEADLINE_MS },
        async (signal) => {
          const answer = await exchange({ method: 'POST', url: url.href, headers, body: '', maxBytes: 65_536, signal });
          if (answer.status !== 200) throw new Unanswered(answer);
          return tokenIn(answer.body, url.host);
        },
        (error) => failureOfStatus((error as Unanswered).answer, () => refused(error as Unanswered, url), WHAT),
      );
    },
  };
}

function checkAudience(audience: string): void {
  if (audience === AZURE_AUDIENCE) return;
  throw new SignwrightError('configuration', `Azure DevOps makes ID tokens for ${AZURE_AUDIENCE} alone, not for ${audience}`, {
    next: `let the certificate issuer accept the audience ${AZURE_AUDIENCE} from this OIDC issuer, and ask for that`,
  });
}

function requestOf(environment: Environment): { readonly url: URL; readonly token: string } {
  const { SYSTEM_OIDCREQUESTURI: base, SYSTEM_ACCESSTOKEN: token, [CONNECTION]: connection } = environment;
  if (!token) {
    throw new SignwrightError('configuration', 'this step may not ask for an ID token: SYSTEM_ACCESSTOKEN is not set', {
      next: 'add to the step:\n  env:\n    SYSTEM_ACCESSTOKEN: $(System.AccessToken)',
    });
  }
  if (!base || !URL.canParse(base)) {
    throw new SignwrightError('configuration', 'this job cannot ask for an ID token: SYSTEM_OIDCREQUESTURI is not set', {
      next: 'run it on Azure DevOps Services; Azure DevOps Server has no ID tokens',
    });
  }
  const url = new URL(base);
  url.searchParams.set('api-version', '7.1');
  if (connection) {
    if (!GUID.test(connection)) {
      throw new SignwrightError('configuration', `${CONNECTION} is not the id of a service connection`, {
        next: 'take it from the address of the connection’s page, resourceId=…; its name will not do',
      });
    }
    url.searchParams.set('serviceConnectionId', connection);
  }
  return { url, token };
}

class Unanswered extends Error {
  readonly answer: HttpAnswer;
  constructor(answer: HttpAnswer) {
    super();
    this.answer = answer;
  }
}

function refused({ answer: { status } }: Unanswered, url: URL): SignwrightError {
  const connection = url.searchParams.has('serviceConnectionId');
  const unknown = status === 401 || (status >= 300 && status < 400);
  const next = unknown
    ? 'pass SYSTEM_ACCESSTOKEN: $(System.AccessToken); it is good while its job runs'
    : connection
      ? `check that ${CONNECTION} is its id, that this pipeline may use it, and that a task of this stage names it`
      : 'check that the pipeline’s build service may run it, and that the job has not ended';
  return new SignwrightError('configuration', `${WHAT} gives this job no ID token (status ${status})`, { where: url.host, next });
}

/** What came is not repeated where it is unfit: it may hold a token. */
function tokenIn(body: Buffer, where: string): string {
  let said: unknown;
  try {
    said = JSON.parse(body.toString('utf8'));
  } catch {
    said = undefined;
  }
  const token = (said as { oidcToken?: unknown } | null | undefined)?.oidcToken;
  if (typeof token === 'string' && token !== '') return token;
  throw new SignwrightError('configuration', `${WHAT} answered without an ID token`, {
    where,
    next: `check ${CONNECTION}: this stage must name the service connection in one of its tasks`,
  });
}
