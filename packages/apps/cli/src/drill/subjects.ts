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

/** A rule of a tier of which nothing is rehearsed: it is for images, or each name tried for it falls under a rule before it. */
export type Passed = { readonly pattern: string; readonly tier: string };

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
  const names =
    artifact === undefined ? policy.layers.flatMap(({ rules }) => rules.flatMap((rule) => namesOf(rule))) : [artifact];
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

/** Names that a rule of a tier matches: several a pattern, as another rule may match some of them first. */
function namesOf({ reference, target }: Layer['rules'][number]): string[] {
  return 'tier' in target ? FILLERS.flatMap((filler) => reference.match.map((pattern) => nameFor(pattern, filler))) : [];
}

/** The rules that lead to tiers of which none of these is. */
export function passedOver({ layers }: Policy, subjects: readonly Subject[], { environment }: SubjectChoice): Passed[] {
  const rehearsed = new Set(subjects.flatMap(({ required }) => required.tiers));
  return layers.flatMap(({ rules }) =>
    rules.flatMap(({ reference, target }): Passed[] => {
      if (!('tier' in target)) return [];
      const byEnvironment = typeof target.tier === 'string' ? { [environment ?? '']: target.tier } : target.tier;
      const tiers = environment === undefined ? Object.values(byEnvironment) : [byEnvironment[environment] ?? []].flat();
      return tiers.filter((tier) => !rehearsed.has(tier)).map((tier) => ({ pattern: reference.match.join(', '), tier }));
    }),
  );
}

const FILLERS = ['drill', 'any', 'x7', 'z/other.bin'];

/** A name that a pattern matches. */
export function nameFor(pattern: string, filler = 'drill'): string {
  return pattern.replace(/\*\*/g, filler).replace(/\*/g, filler.replace(/.*\//, ''));
}
