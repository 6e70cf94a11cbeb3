import type { SignerDefinition } from '@signwright/policy';
import { SignwrightError, type Verifier } from '@signwright/signing-core';
import type { OpenPolicy } from '../context/open-policy.ts';
import { checkMaySign } from '../context/signers/may-sign.ts';
import { definitionOf, type SigningRun } from '../signing/work.ts';

/** A verifier of the policy, and what it signs with. */
export type ChosenVerifier = { readonly verifier: Verifier; readonly definition: SignerDefinition };

/**
 * Refuses to speak in a verifier's name by a policy that nothing from outside vouches for: whoever could change it would choose the words.
 *
 * @param what is to be signed, for the message: "a verdict".
 * @throws SignwrightError `usage` without an anchor, `policy` where the policy names no verifiers.
 */
export function checkVerifies({ anchored, policy, file }: OpenPolicy, what: string): void {
  if (!anchored) {
    throw new SignwrightError('usage', `${what} is signed by an anchored policy alone`, {
      next: 'name what the policy must be, from a place the builds cannot write: --anchor FILE',
    });
  }
  if (policy.verifiers.length > 0) return;
  throw new SignwrightError('policy', `the policy says of nobody that they may sign ${what}`, {
    where: file,
    next: 'name a signer that builds nothing: verifiers: [{ id: https://…, by: SIGNER }]',
  });
}

/**
 * Which verifier of the policy this run is: the one whose signer is named, else the only one whose pipelines this job may be of. Whether
 * it is, its certificate tells.
 *
 * @throws SignwrightError `usage` that names the choices, `denied` where this job may sign as none of them.
 */
export function chooseVerifier({ open, job }: Pick<SigningRun, 'open' | 'job'>, named: string | undefined): ChosenVerifier {
  const all = open.policy.verifiers.map((verifier) => ({ verifier, definition: definitionOf(open, verifier.by.id) }));
  const ids = [...new Set(all.map(({ definition }) => definition.id))];
  if (named !== undefined) {
    const found = all.find(({ definition }) => definition.id === named);
    if (found) return found;
    throw new SignwrightError('usage', `${JSON.stringify(named)} is the signer of no verifier of the policy`, {
      where: open.file,
      next: `its verifiers sign as ${ids.join(', ')}`,
    });
  }
  let refusal: unknown;
  const able = all.filter(({ definition }) => {
    try {
      checkMaySign(definition, job);
      return true;
    } catch (error) {
      refusal ??= error;
      return false;
    }
  });
  const [first] = able;
  if (first === undefined) throw refusal;
  if (able.every(({ definition }) => definition.id === first.definition.id)) return first;
  throw new SignwrightError('usage', 'several verifiers of the policy may be meant', {
    where: open.file,
    next: `name the signer of one: --signer ${ids.join(' or --signer ')}`,
  });
}
