import type { Certificate } from '../x509/certificate.ts';
import type { Authority } from '../x509/path.ts';

/** A certificate that something rests on, and the CA that issued it. The root of a path is none: nobody issued it. */
export type ReliedOn = {
  readonly certificate: Certificate;
  readonly issuer: Certificate;
  /** What its path is for: who signed, or who attested the time. */
  readonly as: 'signer' | 'timestamp';
  /** Whether the trust root lists it itself: those who own the root vouch for it, and take it out when they do no more. */
  readonly listed: boolean;
  /** How many seconds a leaf of this authority may live that needs nobody's answer; absent where every leaf needs one. */
  readonly withoutRevocation?: number;
};

/** The certificates of a path below its root: a leaf that the trust root does not list, and what it lists above. */
export function reliedOn(leaf: Certificate, authority: Authority, as: ReliedOn['as']): ReliedOn[] {
  const { chain, withoutRevocation } = authority;
  const short = withoutRevocation === undefined ? {} : { withoutRevocation };
  return [{ certificate: leaf, issuer: chain[0], as, listed: false, ...short }, ...listedIn(chain, as)];
}

/** The certificates of a chain that the trust root lists, below its root. */
export function listedIn(chain: readonly Certificate[], as: ReliedOn['as']): ReliedOn[] {
  return chain.flatMap((certificate, at) => {
    const issuer = chain[at + 1];
    return issuer === undefined ? [] : [{ certificate, issuer, as, listed: true }];
  });
}
