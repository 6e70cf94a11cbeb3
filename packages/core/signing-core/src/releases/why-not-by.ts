import { type Footing, whyNotNow, whyNotYet } from '../decide/context.ts';
import { type Mismatch, matchAuthor } from '../match-author.ts';
import type { SignerRule } from '../requirement.ts';
import type { VerifiedStatement } from '../verify-evidence.ts';

/** Why a part or a manifest does not count as this signer's, there and then; undefined where it does. */
export function whyNotBy(
  one: Pick<VerifiedStatement, 'author' | 'time' | 'development' | 'revocation'>,
  signer: SignerRule,
  footing: Footing,
): Mismatch | undefined {
  return whyNotYet(one, footing) ?? matchAuthor(one, signer) ?? whyNotNow(one, footing);
}
