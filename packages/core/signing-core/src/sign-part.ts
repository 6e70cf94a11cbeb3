import { type ReleasePart, writeReleasePart } from './release-part.ts';
import type { Signing } from './sign.ts';
import { type PreparedStatement, prepareStatement, type SignedEvidence, signStatement } from './sign-statement.ts';
import type { Verified } from './verify-evidence.ts';

/** A release part that was signed and verified. */
export type SignedPart = SignedEvidence & { readonly verified: Verified };

/** Settles which release part is to be signed, with what the signer's certificate says; see {@link prepareStatement}. */
export function preparePart(
  part: Omit<ReleasePart, 'source'> & { readonly asserted: ReleasePart['source']['asserted'] },
  signing: Signing,
): Promise<PreparedStatement> {
  const { asserted, ...rest } = part;
  return prepareStatement(
    (certified) => writeReleasePart({ ...rest, source: { ...(certified ? { certified } : {}), asserted } }),
    signing,
  );
}

/** Signs a release part. @throws SignwrightError as {@link signStatement} does. */
export async function signPart(prepared: PreparedStatement): Promise<SignedPart> {
  const { verified, ...signed } = await signStatement(prepared);
  if ('said' in verified) throw new TypeError('a part that reads as another statement');
  return { ...signed, verified };
}
