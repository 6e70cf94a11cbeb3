import { requirementsOf, SignwrightError } from '@signwright/signing-core';
import { environmentNeeded, refuseUnenforced } from '../judge.ts';
import type { Policy } from '../policy.ts';
import type { Required } from '../resolve/resolution.ts';
import { resolveArtifact } from '../resolve/resolve-artifact.ts';

/** What there is to sign: its name, and whether the user named it or it was only met on the way. */
export type Candidate = { readonly name: string; readonly explicit: boolean };

/** A candidate with what the policy demands of it, and the signers of it that this run signs as. */
export type ToSign<T> = T & { readonly required: Required; readonly signers: ReadonlySet<string> };

export type PlanSigningOptions = { readonly environment?: string; readonly signer?: readonly string[] };

/**
 * Finds what is to be signed by whom, from names alone. One artifact that the policy refuses stops the whole run, but for files that
 * are never signed and were only met on the way.
 *
 * @throws SignwrightError `denied` that names every refused artifact, `usage` where an environment or signer is missing,
 * `not-enforced-yet` where the policy demands of one what is not enforced.
 */
export function planSigning<T extends Candidate>(
  policy: Policy,
  artifacts: readonly T[],
  options: PlanSigningOptions,
): { readonly toSign: readonly ToSign<T>[]; readonly leftOut: readonly T[] } {
  const { planned, leftOut } = planArtifacts(policy, artifacts, options.environment);
  const toSign = planned
    .map((one) => ({ ...one, signers: signersOf(one.required, options.signer) }))
    .filter(({ signers }) => signers.size > 0);
  if (toSign.length === 0) throw nothingToSign(policy, options);
  return { toSign, leftOut };
}

/** A candidate with what the policy demands of it. */
export type Demanded<T> = T & { readonly required: Required };

/**
 * Finds what is demanded of each artifact that something is to be signed about; see {@link planSigning}.
 *
 * @throws SignwrightError as `planSigning`.
 */
export function planArtifacts<T extends Candidate>(
  policy: Policy,
  artifacts: readonly T[],
  into: string | undefined,
): { readonly planned: readonly Demanded<T>[]; readonly leftOut: readonly T[] } {
  const planned: Demanded<T>[] = [];
  const leftOut: T[] = [];
  const refused: string[] = [];
  const environment = into === undefined ? {} : { environment: into };
  for (const artifact of artifacts) {
    const { name } = artifact;
    const resolution = resolveArtifact(policy, { name, ...environment });
    switch (resolution.status) {
      case 'required': {
        refuseUnenforced(resolution.unenforced);
        const vendor = whoseAlone(resolution);
        if (vendor !== undefined && artifact.explicit)
          refused.push(`${name}: ${vendor} signs it, and we make none of its signatures`);
        if (vendor !== undefined) {
          if (!artifact.explicit) leftOut.push(artifact);
          break;
        }
        planned.push({ ...artifact, required: resolution });
        break;
      }
      case 'environment-needed':
        throw environmentNeeded(resolution.choices);
      case 'never':
        if (artifact.explicit) refused.push(`${name}: never to be signed, says the rule at ${resolution.rule.where}`);
        else leftOut.push(artifact);
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
  return { planned, leftOut };
}

/** The vendor that signs it, where nobody here does. */
function whoseAlone({ requirements }: Required): string | undefined {
  const [vendor] = requirementsOf(requirements, 'vendor');
  return requirementsOf(requirements, 'signature').length === 0 ? vendor?.identity.id : undefined;
}

function signersOf({ requirements }: Required, wanted: readonly string[] | undefined): Set<string> {
  const ids = requirementsOf(requirements, 'signature').map(({ signer }) => signer.id);
  return new Set(ids.filter((id) => wanted === undefined || wanted.includes(id)));
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
