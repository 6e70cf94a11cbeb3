import { type Layer, type Policy, type Required, resolveArtifact } from '@signwright/policy';
import { hexOf, type Sha256, SignwrightError, sha256 } from '@signwright/signing-core';

/** What is released in a drill: a made-up artifact that falls under a rule and tier of the policy. */
export type Subject = {
  readonly name: string;
  readonly digest: Sha256;
  /** As commands are told it; absent: `default`. */
  readonly environment?: string;
  readonly required: Required;
};

/** What to rehearse. */
export type SubjectChoice = { readonly environment?: string; readonly artifact?: string };

/**
 * One artifact for each different set of requirements of the policy, or for the artifact and environment that are named.
 *
 * @throws SignwrightError `usage` where the policy demands nothing of what is named, or has nothing to rehearse there.
 */
export function chooseSubjects(policy: Policy, { environment, artifact }: SubjectChoice): Subject[] {
  const known = ['default', ...policy.environments];
  if (environment !== undefined && !known.includes(environment)) {
    throw new SignwrightError('usage', `the policy has no environment ${JSON.stringify(environment)}`, {
      next: `choose one of ${[...new Set(known)].join(', ')}`,
    });
  }
  const environments =
    environment === undefined ? [undefined, ...policy.environments.filter((one) => one !== 'default')] : [environment];
  const names = artifact === undefined ? policy.layers.flatMap(({ rules }) => rules.flatMap(namesOf)) : [artifact];
  const found = new Map<string, Subject>();
  for (const name of names)
    for (const one of environments) {
      const subject = subjectOf(policy, name, one);
      if (subject !== undefined && !found.has(keyOf(subject))) found.set(keyOf(subject), subject);
    }
  if (found.size > 0) return [...found.values()];
  const what =
    artifact === undefined
      ? 'the policy lets nothing go there that could be rehearsed'
      : `the policy demands nothing of ${artifact} there`;
  throw new SignwrightError('usage', what, {
    next: 'name another with --artifact or --environment; "signwright plan" shows the rules',
  });
}

/** Tiers that are the same in two environments are rehearsed once. */
function keyOf({ required }: Subject): string {
  return `${required.tiers.join(' + ')} ${required.requirements.map(({ id }) => id).join(' ')}`;
}

function subjectOf(policy: Policy, name: string, environment: string | undefined): Subject | undefined {
  const where = environment === undefined ? {} : { environment };
  const resolution = resolveArtifact(policy, { name, ...where });
  if (resolution.status !== 'required' || resolution.requirements.some(({ type }) => type === 'vendor')) return undefined;
  return { name, digest: digestOf(name), ...where, required: resolution };
}

/** Bytes that nobody has: the drill signs their digest. */
export function digestOf(name: string): Sha256 {
  return sha256(`a drill of ${name} at ${hexOf(sha256(String(process.hrtime.bigint())))}`);
}

/** Names that a rule of a tier matches first. */
function namesOf({ reference, target }: Layer['rules'][number]): string[] {
  return 'tier' in target ? reference.match.map(nameFor) : [];
}

/** A name that a pattern matches. */
export function nameFor(pattern: string): string {
  return pattern.replace(/\*\*/g, 'drill').replace(/\*/g, 'drill');
}
