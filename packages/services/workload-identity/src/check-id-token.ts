import { type ClaimName, type Clock, type JsonObject, SignwrightError, type WorkloadRule } from '@signwright/signing-core';
import { checkAudience, checkTimes } from './check-claims.ts';
import { type TokenPlatform, wordsOf } from './claims-table.ts';
import { fetchKeys, type Reaching } from './fetch-keys.ts';
import { matchWorkloads } from './match-workloads.ts';
import { whyPlanOnly } from './plan-only.ts';
import { readToken } from './read-token.ts';
import { shown } from './shown.ts';
import { checkHeader, verifySignature } from './verify-signature.ts';

/** What an ID token is held against. */
export type TokenRules = Reaching & {
  /** Those of the signer that is to sign; the token must be of one of them. */
  readonly workloads: readonly WorkloadRule[];
  /** Whose claims it has. */
  readonly platform: TokenPlatform;
  readonly clock: Clock;
  /** What the issuer of certificates certifies as `subject`, where it is not the token's own and nothing else is certified. */
  readonly subject?: (token: string) => string;
};

/** What a token says that was checked: nothing of it is a secret. */
export type CheckedToken = {
  readonly issuer: string;
  /** The id of the policy's workload it is of. */
  readonly workload: string;
  readonly claims: { readonly [word in ClaimName]?: string };
  readonly expires: Date;
};

/**
 * Checks an ID token before it is sent anywhere: whether the policy's issuer made it, now, for this audience, for a job that the policy
 * lets sign. Nothing is fetched from an issuer the policy does not name, and no message repeats the token.
 *
 * @throws SignwrightError `denied` for another issuer, a job the policy does not name, or one that may plan only; `verification` where
 * it does not hold; `configuration` for another audience, or documents of the issuer that are not to be had; `invalid-input` for what is
 * no token; `unreachable` where the issuer's keys could not be had; `cancelled`.
 */
export async function checkIdToken(token: string, rules: TokenRules & { readonly audience: string }): Promise<CheckedToken> {
  const { header, claims } = readToken(token);
  checkHeader(header);
  const issuer = issuerOf(claims, rules.workloads);
  checkAudience(claims, rules.audience, rules.platform);
  checkTimes(claims, rules.clock.now());
  // What it says against itself needs no signature: it must not be let through to another key because its issuer is silent.
  refuseToPlan(claims, issuer);
  const words = rules.subject ? { subject: rules.subject(token) } : wordsOf(claims, rules.platform, issuer);
  const workload = matchWorkloads({ issuer, claims: words }, rules.workloads);
  await verifySignature(token, await fetchKeys(issuer, rules), issuer);
  return { issuer, workload: workload.id, claims: words, expires: new Date((claims['exp'] as number) * 1000) };
}

/** The policy's own spelling of it, which is the only address that is asked. */
function issuerOf({ iss }: JsonObject, workloads: readonly WorkloadRule[]): string {
  const known = workloads.find(({ issuer }) => issuer === iss)?.issuer;
  if (known !== undefined) return known;
  const issuers = [...new Set(workloads.map(({ issuer }) => issuer))].join(', ');
  throw new SignwrightError('denied', `the ID token is of the issuer ${shown(iss)}; the policy names ${issuers || 'none'}`, {
    next: 'sign in a pipeline the policy names, or add its issuer to workloads: in the policy, character for character',
  });
}

function refuseToPlan(claims: JsonObject, issuer: string): void {
  const why = whyPlanOnly(claims);
  if (why === undefined) return;
  throw new SignwrightError('denied', `plan only: the ID token is of ${why}`, {
    where: issuer,
    next: 'signwright plan works here; sign after the merge, in a pipeline of the branch or tag',
  });
}
