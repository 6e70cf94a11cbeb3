import { type Policy, resolveArtifact } from '@signwright/policy';
import { parseSha256, type Sha256 } from '@signwright/signing-core';
import { type ArtifactInHand, type ArtifactOptions, hashArtifacts, nameArtifacts } from '../../context/artifacts-in-hand.ts';
import { type EvidencePlace, evidencePlace } from '../../context/open-evidence.ts';
import { type OpenPolicy, openPolicy, type PolicyOptions } from '../../context/open-policy.ts';
import { storeDirectories } from '../../context/open-store.ts';
import { ruleDigestsAnywhere } from '../../context/rule-digests.ts';
import type { Run } from '../../context/run.ts';

/** Options of commands about evidence that lies in a store. */
export type StoreOptions = PolicyOptions & { readonly evidence?: string };

/** Options of commands about the evidence of some artifacts. */
export type AboutOptions = StoreOptions & ArtifactOptions;

/** The policy, where its evidence lies, and the artifacts a command is about, by their digests. */
export type EvidenceInHand = {
  readonly open: OpenPolicy;
  readonly place: EvidencePlace;
  readonly artifacts: readonly ArtifactInHand[];
  /** The rules that match them, which waivers may be about. */
  readonly rules: readonly Sha256[];
};

/**
 * What a command about the evidence of some artifacts begins with. What the policy never signs is left out, unless it is named.
 *
 * @param nameless whether a digest will do, because what the policy says of the artifact does not matter.
 */
export async function evidenceInHand(
  paths: readonly string[],
  options: AboutOptions,
  run: Run,
  nameless = false,
): Promise<EvidenceInHand> {
  const open = await openPolicy(options, new Date());
  const place = evidencePlace(open, options.evidence);
  if (nameless && options.digest !== undefined && options.name === undefined && paths.length === 0) {
    const digest = parseSha256(options.digest);
    return { open, place, artifacts: [{ name: digest, explicit: true, digest }], rules: [] };
  }
  const named = await nameArtifacts(open.policy, paths, options, storeDirectories(open, place), run);
  const wanted = named.filter(({ explicit, name }) => explicit || !isNeverSigned(open.policy, name));
  const rules = ruleDigestsAnywhere(open.policy, wanted);
  return { open, place, artifacts: await hashArtifacts(wanted, options, run), rules };
}

function isNeverSigned(policy: Policy, name: string): boolean {
  return resolveArtifact(policy, { name }).status === 'never';
}

/** The first few names, and how many more there are. */
export function fewOf(names: readonly string[]): string {
  const shown = names.slice(0, 5).join(', ');
  return names.length <= 5 ? shown : `${shown} and ${names.length - 5} more`;
}

/** `3 pieces`, `1 piece`. */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}
