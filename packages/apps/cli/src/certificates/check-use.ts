import type { CertificateUse } from '@signwright/certificates';
import { SignwrightError } from '@signwright/signing-core';
import type { OpenPolicy } from '../context/open-policy.ts';
import { checkText } from './check-text.ts';

/** What a user says of certificates that say none of it themselves. */
export type UseOptions = { readonly owner?: string; readonly purpose?: string; readonly environment?: readonly string[] };

/** @throws SignwrightError `usage` for an environment the policy does not have, and for texts that are none. */
export function checkUse({ owner, purpose, environment }: UseOptions, { policy }: OpenPolicy): CertificateUse {
  const known = ['default', ...policy.environments];
  const unknown = environment?.find((id) => !known.includes(id));
  if (unknown !== undefined)
    throw new SignwrightError('usage', `the policy has no environment ${JSON.stringify(unknown)}`, {
      next: `it has ${known.join(', ')}`,
    });
  const said = { owner: checkText(owner, '--owner'), purpose: checkText(purpose, '--purpose'), environments: environment };
  return Object.fromEntries(Object.entries(said).filter(([, value]) => value !== undefined));
}
