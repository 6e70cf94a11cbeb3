import type { Environment } from '@signwright/signing-core';
import type { Platform } from './inputs.ts';
import type { Inputs } from './read-inputs.ts';

/** Where a job's policy and anchor come from. */
export type Place = {
  readonly policy: string;
  /** What named it: an input, a variable of the CI, or nothing: then it is the checkout's own. */
  readonly from: string;
  readonly anchor?: Anchoring;
  /** Where evidence is kept if neither the job nor the policy names a store. */
  readonly evidenceElse?: string;
};

/** A file or a text, and what named it. */
type Anchoring = { readonly from: string; readonly given: string };

export const OF_CHECKOUT = 'this checkout';

/** Finds out where the policy and the anchor are: the inputs, else variables of the CI, else the checkout. */
export function policyPlace(inputs: Inputs, platform: Platform | undefined, environment: Environment): Place {
  const [policy, from] = first([
    [inputs.policy, 'the input policy'],
    [environment['SIGNWRIGHT_POLICY'], 'SIGNWRIGHT_POLICY'],
  ]) ?? ['signwright.yaml', OF_CHECKOUT];
  const anchor = first([
    [inputs.anchor, 'the input anchor'],
    [environment['SIGNWRIGHT_ANCHOR'], 'SIGNWRIGHT_ANCHOR'],
  ]);
  const registry = platform === 'gitlab' ? registryOf(environment) : undefined;
  return {
    policy,
    from,
    ...(anchor === undefined ? {} : { anchor: { given: anchor[0], from: anchor[1] } }),
    ...(registry === undefined ? {} : { evidenceElse: registry }),
  };
}

function first(candidates: readonly (readonly [string | undefined, string])[]): readonly [string, string] | undefined {
  for (const [value, from] of candidates) if (value !== undefined && value !== '') return [value, from];
  return undefined;
}

/** The generic packages of the project a job of GitLab runs in. */
function registryOf({ CI_SERVER_URL: server = '', CI_PROJECT_PATH: project }: Environment): string | undefined {
  const url = URL.canParse(server) ? new URL(server) : undefined;
  return url?.protocol === 'https:' && project ? `gitlab://${url.host}/${project}` : undefined;
}
