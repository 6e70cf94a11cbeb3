import { type ErrorCode, SignwrightError } from '@signwright/signing-core';

/** Makes the error for a git that failed, from what it wrote to stderr; `refusal`: how the server refused a push. */
export type GitFailure = (stderr: string, refusal?: string) => SignwrightError;

type Known = readonly [pattern: RegExp, code: ErrorCode, problem: string, next: string];

const RIGHTS =
  'give this identity the right to read and push; for CI_JOB_TOKEN on GitLab that is Settings > CI/CD > Job token permissions > Allow Git push requests';

const KNOWN: readonly Known[] = [
  [
    /Authentication failed|could not read (Username|Password)|returned error: 401|Permission denied \(|HTTP Basic: Access denied/i,
    'configuration',
    'the server does not accept the credentials',
    'look at the token (has it expired?), the deploy key or the credential helper',
  ],
  [
    /returned error: 403|not allowed to (push|download|upload)|(access|permission)\b.* denied|insufficient permission|marked as read only|remote: Forbidden/i,
    'configuration',
    'the server does not allow it',
    RIGHTS,
  ],
  [
    /returned error: 404|repository .*not (found|exist)|does not appear to be a git repository|could not be found|does not exist/i,
    'configuration',
    'there is no such repository, or these credentials may not see it',
    'look at the address, and at who may read the repository',
  ],
  [
    /Host key verification failed|host identification has changed/i,
    'configuration',
    'the host key of the server is not known, or another one than before',
    'compare it with the one its operator publishes, and put it into known_hosts',
  ],
  [
    /SSL certificate|certificate verif|verify the (first )?certificate|certificate (has )?expired|local issuer/i,
    'configuration',
    'TLS to the server cannot be set up',
    'name its CA in GIT_SSL_CAINFO',
  ],
  [
    /update url base from redirection|returned error: 30\d/i,
    'configuration',
    'the server answers with a redirect, which is not followed',
    'write the address it leads to (most end in .git)',
  ],
  [
    /transport '.*' not allowed/i,
    'configuration',
    'the address leads to another protocol',
    'look at url.*.insteadOf in your git configuration',
  ],
  [
    /dubious ownership/i,
    'configuration',
    'the repository belongs to another user',
    'git config --global --add safe.directory PATH',
  ],
  [
    /mismatched algorithms|hash algorithm|object format/i,
    'configuration',
    'the repository names objects by SHA-256',
    'use one that names them by SHA-1',
  ],
  [
    /No space left|quota exceeded|disk full/i,
    'unreachable',
    'the disk is full, here or at the server',
    'free space, then run again',
  ],
];

/**
 * @param where names the branch.
 * @param secrets are taken out of what git and the server said.
 */
export function createGitFailure(where: string, secrets: readonly string[]): GitFailure {
  return (stderr, refusal) => {
    const said = quote(stderr, secrets);
    const [, code, problem, next] = refusal === undefined ? explain(stderr) : refused(quote(refusal, secrets));
    return new SignwrightError(code, `${problem}${said === '' ? '' : `: ${said}`}`, { where, next });
  };
}

function explain(stderr: string): Known {
  const unknown: Known = [/./, 'unreachable', 'git failed', 'see that the server can be reached, then run again'];
  return KNOWN.find(([pattern]) => pattern.test(stderr)) ?? unknown;
}

function refused(reason: string): Known {
  const next = 'allow this identity to push to the branch (never to force), and let no hook or push rule refuse it';
  return [/./, 'configuration', `the server refuses the push, ${reason}`, next];
}

const MAX_QUOTED = 600;

/** What git and the server said, in one line, without secrets and control characters. */
function quote(said: string, secrets: readonly string[]): string {
  let text = said;
  for (const secret of secrets) text = text.replaceAll(secret, '***');
  const lines = text.split(/[\r\n]+/).map((line) => line.replace(/[\p{Cc}\p{Cf}]/gu, ' ').trim());
  const kept = lines.filter((line) => line !== '' && !/^(hint:|warning:|remote:\s*$|To |error: failed to push)/.test(line));
  return kept.join('; ').slice(0, MAX_QUOTED);
}
