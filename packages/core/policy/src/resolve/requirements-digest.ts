import { canonicalDigest, type Json, type Requirement, type Sha256, type SignerRule } from '@signwright/signing-core';
import type { Demands } from '../demands.ts';
import type { ResolvedEnvironment } from './resolution.ts';

/**
 * The requirements digest: SHA-256 over RFC 8785 of what applies to one artifact in one environment; which one enters it only where
 * a rule tells them apart. What layers and files are called does not enter it, nor who is of a role: so that only a change of what is
 * demanded changes it. Nor does from when on a key, a workload or an authority counts as compromised: that takes from what was signed,
 * and leaves what people approved.
 */
export function requirementsDigest(
  environment: ResolvedEnvironment,
  requirements: readonly Requirement[],
  demands: Demands,
  trustRoot: Sha256 | undefined,
): Sha256 {
  const named = requirements.flatMap(({ layer: _, ...rest }) => {
    if (rest.type === 'audit') return [rest];
    return rest.type === 'signature' || rest.type === 'attestation' ? [withKeyIds(rest)] : [];
  });
  const glass = demands.breakGlass.map(({ all }) => all).filter((all) => all !== null);
  const { matters, ...where } = environment;
  const value = {
    environment: matters ? where : null,
    requirements: named,
    demands: { ...demands, breakGlass: glass },
    trustRoot: trustRoot ?? null,
  };
  return canonicalDigest(value as unknown as Json);
}

/** A key's id stands for it: one key is written in PEM in several ways. */
function withKeyIds<T extends { readonly signer: SignerRule }>({ signer, ...rest }: T): unknown {
  const keys = signer.keys.map(({ publicKey: _, compromisedSince: _since, ...key }) => key);
  const workloads = signer.workloads.map(({ compromised: _, ...workload }) => workload);
  return { ...rest, signer: { ...signer, keys, workloads } };
}
