import { type Environment, type IdentityProvider, REMOTE_DEADLINE_MS, SignwrightError } from '@signwright/signing-core';
import { callRemote, exchange, failureOfStatus, type HttpAnswer } from '@signwright/transport';

const WHAT = "GitHub's ID token service";
const PERMISSION = 'give the job, or the workflow, the permission:\n  permissions:\n    id-token: write';

/**
 * The job's ID token, asked of the service the runner names
 * (https://docs.github.com/actions/reference/security/oidc: ACTIONS_ID_TOKEN_REQUEST_URL and …_TOKEN).
 */
export function createGithubIdentity(environment: Environment): IdentityProvider {
  return {
    async idToken(audience) {
      const { ACTIONS_ID_TOKEN_REQUEST_URL: base, ACTIONS_ID_TOKEN_REQUEST_TOKEN: token } = environment;
      if (!base || !token)
        throw new SignwrightError('configuration', 'this job may not ask for an ID token', { next: PERMISSION });
      if (!URL.canParse(base))
        throw new SignwrightError('configuration', 'the variable ACTIONS_ID_TOKEN_REQUEST_URL is no address');
      const url = new URL(base);
      url.searchParams.set('audience', audience);
      const headers = { authorization: `Bearer ${token}`, accept: 'application/json' };
      return callRemote(
        { what: WHAT, where: url.host, deadlineMs: REMOTE_DEADLINE_MS },
        async (signal) => {
          const answer = await exchange({ method: 'GET', url: url.href, headers, maxBytes: 65_536, signal });
          if (answer.status !== 200) throw new Unanswered(answer);
          return tokenIn(answer.body, url.host);
        },
        (error) => failureOfStatus((error as Unanswered).answer, () => refused(error as Unanswered, url.host), WHAT),
      );
    },
  };
}

class Unanswered extends Error {
  readonly answer: HttpAnswer;
  constructor(answer: HttpAnswer) {
    super();
    this.answer = answer;
  }
}

function refused({ answer }: Unanswered, where: string): SignwrightError {
  return new SignwrightError('configuration', `${WHAT} gives this job no ID token (status ${answer.status})`, {
    where,
    next: PERMISSION,
  });
}

/** What came is not repeated where it is unfit: it may hold a token. */
function tokenIn(body: Buffer, where: string): string {
  let said: unknown;
  try {
    said = JSON.parse(body.toString('utf8'));
  } catch {
    said = undefined;
  }
  const token = (said as { value?: unknown } | null | undefined)?.value;
  if (typeof token === 'string' && token !== '') return token;
  throw new SignwrightError('invalid-input', `${WHAT} answered without an ID token`, { where, next: 'run the job again' });
}
