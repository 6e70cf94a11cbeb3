import { type ErrorCode, SignwrightError } from '@signwright/signing-core';

type Explanation = readonly [ErrorCode, problem: string, next: string];

/**
 * What an answer that is no success means, to people.
 *
 * @param said by GitLab, as text; it is not repeated. @param permission what to do where the token may not, for other things than packages.
 */
export function explain(
  status: number,
  said: string,
  action: string,
  where: string,
  variable: string,
  permission?: string,
): SignwrightError {
  const [code, problem, next] = (permission && refusalOf(status, variable, permission)) || explanationOf(status, said, variable);
  return new SignwrightError(code, `GitLab cannot ${action}: ${problem}`, { where, next });
}

function refusalOf(status: number, variable: string, permission: string): Explanation | undefined {
  if (status === 403) return ['configuration', `the token in ${variable} may not`, permission];
  if (status !== 404) return undefined;
  return ['configuration', `it is not there, or the token in ${variable} may not see it`, permission];
}

function explanationOf(status: number, said: string, variable: string): Explanation {
  if (status === 401 && /expired/i.test(said)) {
    return ['unreachable', `the token in ${variable} has expired`, 'get a new one, then run again'];
  }
  switch (status) {
    case 400:
      return /too large/i.test(said)
        ? tooLarge
        : ['unreachable', 'it refuses the request (status 400)', 'check the version of GitLab'];
    case 401:
      return ['configuration', `the token in ${variable} is not accepted`, 'check it; a job token is good while its job runs'];
    case 403:
      return [
        'configuration',
        `the token in ${variable} may not, or the project has no package registry`,
        'turn the package registry on; a job of another project must be on the allowlist of job tokens; others need the role Developer',
      ];
    case 404:
      return [
        'configuration',
        `there is no such project, or the token in ${variable} may not see it`,
        'check the reference, gitlab://host/group/project, and who may read the project',
      ];
    case 413:
      return tooLarge;
    case 429:
      return ['unreachable', 'it is asked too often', 'run again later, or have the rate limit raised'];
    default:
      return ['unreachable', `it answers with status ${status}`, 'run again later; if it lasts, ask who runs this GitLab'];
  }
}

const tooLarge: Explanation = [
  'configuration',
  'the file is larger than it takes',
  'raise the limit for generic packages, or sign fewer artifacts at once',
];
