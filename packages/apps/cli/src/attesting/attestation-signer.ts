import type { Required, SignerDefinition } from '@signwright/policy';
import { type AttestationRequirement, predicateTypesOf, requirementsOf, SignwrightError } from '@signwright/signing-core';
import { checkMaySign } from '../context/signers/may-sign.ts';
import type { SigningRun } from '../signing/work.ts';

/** The attestations of a type that are demanded of an artifact. */
export function demandedOf({ requirements }: Required, predicateType: string): AttestationRequirement[] {
  return requirementsOf(requirements, 'attestation').filter(({ attests }) => predicateTypesOf(attests).includes(predicateType));
}

/**
 * Who attests: the signer that is named, else the one by whom the tiers want it, else the only one this job may use.
 *
 * @param wanted the ids of the signers by whom the tiers want it.
 * @throws SignwrightError `usage` that names the choices where it is not clear.
 */
export function chooseSigner(
  { open, job }: Pick<SigningRun, 'open' | 'job'>,
  wanted: ReadonlySet<string>,
  named: string | undefined,
): SignerDefinition {
  const { signers } = open.policy;
  const all = [...signers.values()];
  const able = all.filter((definition) => maySign(definition, job));
  const candidates =
    named !== undefined ? all.filter(({ id }) => id === named) : wanted.size > 0 ? all.filter(({ id }) => wanted.has(id)) : able;
  const [only, ...others] = candidates;
  if (only !== undefined && others.length === 0) return only;
  if (named !== undefined) {
    throw new SignwrightError('usage', `the policy has no signer ${JSON.stringify(named)}`, {
      next: `its signers are ${all.map(({ id }) => id).join(', ')}`,
    });
  }
  const why = wanted.size > 0 ? 'the tiers want it by several signers' : 'the tiers say of nobody that they want it by them';
  throw new SignwrightError('usage', `${why}, and which is meant is not clear`, {
    where: open.file,
    next: `name one: --signer ${(candidates.length > 0 ? candidates : all).map(({ id }) => id).join(' or --signer ')}`,
  });
}

function maySign(definition: SignerDefinition, job: SigningRun['job']): boolean {
  try {
    checkMaySign(definition, job);
    return true;
  } catch (error) {
    if (error instanceof SignwrightError && error.code === 'denied') return false;
    throw error;
  }
}
