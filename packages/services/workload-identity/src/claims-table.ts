import {
  type CiPlatform,
  CLAIM_NAMES,
  type ClaimName,
  hasControlCharacter,
  type JsonObject,
  repositoryAddress,
  SignwrightError,
} from '@signwright/signing-core';
import { githubServer, gitRef, joined } from './normalise.ts';

/** Whose tokens are read; `generic` is any other OIDC issuer. */
export type TokenPlatform = CiPlatform | 'generic';

/** Where a word of the policy comes from in a token. */
export type ClaimSource = {
  /** For people: the claims, and what is made of them. */
  readonly from: string;
  /** @param claim the value of a claim as text. @param issuer the token's. @returns nothing where the token does not say it. */
  readonly read: (claim: (name: string) => string | undefined, issuer: string) => string | undefined;
};

const as = (name: string): ClaimSource => ({ from: `\`${name}\``, read: (claim) => claim(name) });
const SUBJECT = as('sub');

/**
 * The one written table: which claims of a platform's ID token give each of the policy's words. Certificates carry the words in the
 * extensions CLAIM_EXTENSIONS names, filled as Fulcio does it for GitLab and GitHub; a word that is not here cannot be certified.
 */
export const CLAIMS_TABLE: { readonly [platform in TokenPlatform]: { readonly [word in ClaimName]?: ClaimSource } } = {
  gitlab: {
    subject: SUBJECT,
    repository: { from: '`iss` + `/` + `project_path`', read: (claim, issuer) => joined(issuer, claim('project_path')) },
    'repository-id': as('project_id'),
    ref: {
      from: '`refs/heads/` or `refs/tags/` by `ref_type`, + `ref`',
      read: (claim) => gitRef(claim('ref_type'), claim('ref')),
    },
    runner: as('runner_environment'),
    environment: as('environment'),
    trigger: as('pipeline_source'),
  },
  github: {
    subject: SUBJECT,
    repository: {
      from: 'the server `iss` is of + `/` + `repository`',
      read: (claim, issuer) => joined(githubServer(issuer), claim('repository')),
    },
    'repository-id': as('repository_id'),
    ref: as('ref'),
    runner: as('runner_environment'),
    environment: as('environment'),
    trigger: as('event_name'),
  },
  'azure-devops': {
    subject: SUBJECT,
    repository: { from: '`rpo_uri` without user and `.git`', read: (claim) => repositoryAddress(claim('rpo_uri')) },
    'repository-id': as('rpo_id'),
    ref: as('rpo_ref'),
  },
  jenkins: { subject: SUBJECT },
  kubernetes: { subject: SUBJECT },
  generic: { subject: SUBJECT },
};

/**
 * What a token's claims are in the policy's words.
 *
 * @throws SignwrightError `verification` for a claim that is no plain text: a certificate could not carry it either.
 */
export function wordsOf(claims: JsonObject, platform: TokenPlatform, issuer: string): { readonly [word in ClaimName]?: string } {
  const table = CLAIMS_TABLE[platform];
  const words = CLAIM_NAMES.map((word) => [word, table[word]?.read((name) => textOf(claims, name), issuer)] as const);
  return Object.fromEntries(words.filter(([, value]) => value !== undefined));
}

/** The text of a claim, or its digits; nothing where it is absent, null or empty. */
export function textOf(claims: JsonObject, name: string): string | undefined {
  const value = claims[name];
  if (value === undefined || value === null || value === '') return undefined;
  if (typeof value === 'number' && Number.isSafeInteger(value)) return String(value);
  if (typeof value === 'string' && value.length <= 2048 && !hasControlCharacter(value)) return value;
  throw new SignwrightError('verification', `the ID token's claim ${name} is not plain text`, {
    next: 'have whoever runs the issuer look at its claims',
  });
}
