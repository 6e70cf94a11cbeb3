import { environmentNeeded, type Policy, type Required, refuseUnenforced, resolveArtifact } from '@signwright/policy';
import { SignwrightError } from '@signwright/signing-core';
import type { ArtifactInHand } from '../context/artifacts-in-hand.ts';

/** An artifact with what the policy demands of it, and the signers of it that this run signs as. */
export type PlannedArtifact = ArtifactInHand & { readonly required: Required; readonly signers: ReadonlySet<string> };

export type PlanSigningOptions = { readonly environment?: string; readonly signer?: readonly string[] };

/**
 * Finds what is to be signed by whom. One artifact that the policy refuses stops the whole run, but for files that are never signed
 * and were only met on the way.
 *
 * @throws SignwrightError `denied` that names every refused artifact, `usage` where an environment or signer is missing.
 */
export function planSigning(
  policy: Policy,
  artifacts: readonly ArtifactInHand[],
  options: PlanSigningOptions,
  note: (line: string) => void,
): PlannedArtifact[] {
  const planned: PlannedArtifact[] = [];
  const refused: string[] = [];
  let skipped = 0;
  for (const artifact of artifacts) {
    const { name } = artifact;
    const resolution = resolveArtifact(policy, {
      name,
      ...(options.environment === undefined ? {} : { environment: options.environment }),
    });
    switch (resolution.status) {
      case 'required':
        refuseUnenforced(resolution.unenforced);
        planned.push({ ...artifact, required: resolution, signers: signersOf(resolution, options.signer) });
        break;
      case 'environment-needed':
        throw environmentNeeded(resolution.choices);
      case 'never':
        if (artifact.file?.explicit === false) skipped++;
        else refused.push(`${name}: never to be signed, says the rule at ${resolution.rule.where}`);
        break;
      case 'unlisted':
        refused.push(`${name}: ${resolution.hint}`);
        break;
      case 'environment-not-listed':
        refused.push(`${name}: may go to ${resolution.allowed.join(', ')} only, says the rule at ${resolution.rule.where}`);
        break;
    }
  }
  if (refused.length > 0) throw deny(refused);
  if (skipped > 0) note(`left out: ${skipped} that the policy says are never signed`);
  const toSign = planned.filter(({ signers }) => signers.size > 0);
  if (toSign.length === 0) throw nothingToSign(policy, options);
  return toSign;
}

function signersOf({ requirements }: Required, wanted: readonly string[] | undefined): Set<string> {
  return new Set(requirements.map(({ signer }) => signer.id).filter((id) => wanted === undefined || wanted.includes(id)));
}

const SHOWN = 20;

function deny(refused: readonly string[]): SignwrightError {
  const more = refused.length > SHOWN ? `\n  … and ${refused.length - SHOWN} more` : '';
  const list = refused
    .slice(0, SHOWN)
    .map((line) => `\n  ${line}`)
    .join('');
  return new SignwrightError('denied', `the policy refuses ${refused.length} of these, so nothing was signed:${list}${more}`, {
    next: 'list them under "artifacts" in the policy, or leave them out ("signwright plan" shows all)',
  });
}

function nothingToSign(policy: Policy, { signer }: PlanSigningOptions): SignwrightError {
  if (signer === undefined)
    return new SignwrightError('usage', 'there is nothing to sign here', {
      next: '"signwright plan" shows what the policy says of each file',
    });
  const unknown = signer.find((id) => !policy.signers.has(id));
  const known = [...policy.signers.keys()].join(', ');
  if (unknown !== undefined)
    return new SignwrightError('usage', `the policy has no signer ${JSON.stringify(unknown)}`, {
      next: `its signers are ${known}`,
    });
  return new SignwrightError('usage', `none of these artifacts asks for a signature by ${signer.join(', ')}`, {
    next: 'leave --signer out to sign as all the artifacts ask for',
  });
}
