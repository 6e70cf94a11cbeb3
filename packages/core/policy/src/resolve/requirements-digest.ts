import { canonicalDigest, type Requirement, type Sha256 } from '@signwright/signing-core';
import type { Demands } from '../demands.ts';
import type { ResolvedEnvironment } from './resolution.ts';

/**
 * The requirements digest: SHA-256 over RFC 8785 of what applies to one artifact in one environment; which one enters it only where
 * a rule tells them apart. What layers and files are
 * called does not enter it, so that only a change of what is demanded changes it.
 */
export function requirementsDigest(
  environment: ResolvedEnvironment,
  requirements: readonly Requirement[],
  demands: Demands,
  trustRoot: Sha256 | undefined,
): Sha256 {
  const named = requirements.map(({ layer: _, signer, ...rest }) => ({
    ...rest,
    signer: { ...signer, keys: signer.keys.map(({ publicKey: _, ...key }) => key) },
  }));
  const glass = demands.breakGlass.map(({ all }) => all).filter((all) => all !== null);
  const { matters, ...where } = environment;
  const value = {
    environment: matters ? where : null,
    requirements: named,
    demands: { ...demands, breakGlass: glass },
    trustRoot: trustRoot ?? null,
  };
  return canonicalDigest(value);
}
