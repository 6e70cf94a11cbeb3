import { hasControlCharacter, type Json, parseStrictJson, SignwrightError } from '@signwright/signing-core';

/** Who the trial's ID tokens say is running: `identity.json`, for the user to edit. */
export type TrialClaims = {
  /** URL of the source repository. */
  repository: string;
  repository_id: string;
  /** Full: `refs/heads/main`, `refs/tags/v1`. */
  ref: string;
  runner_environment: string;
  /** What started the pipeline. */
  trigger: string;
  /** Deployment environment. */
  environment?: string;
  /** Commit, in hex. */
  sha?: string;
  /** Made of repository and ref unless given. */
  sub?: string;
};

export const DEFAULT_CLAIMS: Readonly<TrialClaims> = {
  repository: 'https://trial.signwright.invalid/example/project',
  repository_id: '1',
  ref: 'refs/heads/main',
  runner_environment: 'self-hosted',
  trigger: 'push',
};

const REQUIRED = ['repository', 'repository_id', 'ref', 'runner_environment', 'trigger'] as const;
const NAMES: readonly string[] = [...REQUIRED, 'environment', 'sha', 'sub'];
const MAX_LENGTH = 1024;

/** Subject of the ID token. */
export function subjectOf(claims: TrialClaims): string {
  return claims.sub ?? `trial:${new URL(claims.repository).pathname.slice(1)}:ref:${claims.ref}`;
}

/** Name in the certificate: where the identity comes from, as Fulcio writes it for GitLab. */
export function uriOf(claims: TrialClaims): string {
  return encodeURI(`${claims.repository}//trial@${claims.ref}`);
}

/** Reads `identity.json`. @throws SignwrightError `configuration` that names the claim. */
export function parseClaims(bytes: Uint8Array, where: string): TrialClaims {
  let value: Json;
  try {
    value = parseStrictJson(bytes, { what: 'identity.json', maxBytes: 65_536, maxDepth: 4 });
  } catch (cause) {
    throw new SignwrightError('configuration', (cause as Error).message, { where, cause });
  }
  return checkClaims(value, where);
}

/** Checks claims from outside. @throws SignwrightError `configuration` that names the claim. */
export function checkClaims(value: unknown, where: string): TrialClaims {
  const refuse = (message: string): never => {
    throw new SignwrightError('configuration', `the trial identity: ${message}`, {
      where,
      next: `the claims are ${NAMES.join(', ')}`,
    });
  };
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return refuse('is not a JSON object');
  for (const [name, claim] of Object.entries(value)) {
    if (!NAMES.includes(name)) refuse(`has an unknown claim ${JSON.stringify(name.slice(0, 100))}`);
    if (typeof claim !== 'string' || claim === '' || claim.length > MAX_LENGTH || hasControlCharacter(claim)) {
      refuse(`${name} is not plain text of 1 to ${MAX_LENGTH} characters`);
    }
  }
  for (const name of REQUIRED) if (!Object.hasOwn(value, name)) refuse(`${name} is missing`);
  const claims = value as TrialClaims;
  if (!URL.canParse(claims.repository) || !/^https?:\/\/[^/]/.test(claims.repository))
    refuse('repository is not an https:// URL');
  return claims;
}
