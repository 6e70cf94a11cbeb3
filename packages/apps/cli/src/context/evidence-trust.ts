import type { EvidenceTrust } from '@signwright/signing-core';
import type { OpenPolicy } from './open-policy.ts';

/** What evidence is verified against: the policy's trust root, all the keys it pins, and its people. */
export function evidenceTrust({ policy, trustRoot }: OpenPolicy): EvidenceTrust {
  return {
    root: trustRoot,
    keys: [...policy.signers.values()].flatMap(({ rule }) => rule.keys),
    people: [...policy.people.values()],
  };
}
