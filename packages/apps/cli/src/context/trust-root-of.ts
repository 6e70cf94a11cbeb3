import { SignwrightError, type TrustRoot } from '@signwright/signing-core';
import type { OpenPolicy } from './open-policy.ts';

/** The trust root, for whoever signs. @throws SignwrightError `policy` where the policy names none. */
export function trustRootOf({ trustRoot, file }: OpenPolicy): TrustRoot {
  if (trustRoot) return trustRoot;
  throw new SignwrightError('policy', 'trust.root is missing: nothing says which timestamps count', {
    where: file,
    next: 'add trust: { root: trust/trusted-root.json }',
  });
}
