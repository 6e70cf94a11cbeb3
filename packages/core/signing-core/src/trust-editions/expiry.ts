import { resultOf } from '../decide/decide.ts';
import type { Outcome, Verdict } from '../verdict.ts';
import type { TrustRootEdition } from './edition.ts';

const DAY = 24 * 60 * 60 * 1000;
/** How many days before its end an edition is warned of. */
const WARN_DAYS = 30;

/** How an edition stands at an instant, in milliseconds since 1970 UTC: fresh, soon to expire or expired, and that in words. */
export type Expiry = { readonly state: 'fresh' } | { readonly state: 'ending' | 'expired'; readonly message: string };

/** Says how long an edition still counts. */
export function expiryOf({ name, version, expires }: TrustRootEdition, at: number): Expiry {
  const which = `version ${version} of the trust root ${name}`;
  const day = new Date(expires).toISOString();
  if (at >= expires) return { state: 'expired', message: `${which} expired ${day}: whom it trusts may have changed since` };
  const days = Math.floor((expires - at) / DAY);
  if (days >= WARN_DAYS) return { state: 'fresh' };
  return { state: 'ending', message: `${which} expires ${day}, in ${days === 1 ? '1 day' : `${days} days`}` };
}

/** A verdict by a trust root that has expired allows nothing; what was denied stays so. */
export function byExpiredRoot(verdict: Verdict, edition: TrustRootEdition, at: number): Verdict {
  const expiry = expiryOf(edition, at);
  if (expiry.state !== 'expired') return verdict;
  const outcome: Outcome = {
    requirement: 'trust-root',
    layer: '',
    status: 'inconclusive',
    code: 'trust-root-expired',
    message: expiry.message,
    evidence: [],
    refused: [],
    next: { text: 'get the newest edition from its owners: signwright trust update --from URL --root FILE' },
  };
  const outcomes = [...verdict.outcomes, outcome];
  return { ...verdict, result: resultOf(outcomes), outcomes };
}
