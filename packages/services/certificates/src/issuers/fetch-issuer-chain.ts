import { SignwrightError } from '@signwright/signing-core';
import type { IssuerOptions } from './ask-issuer.ts';
import { fulcioChains } from './fulcio-chains.ts';
import type { IssuerChain } from './issuer-chain.ts';
import { stepCaChains } from './step-ca-chains.ts';

/** Whom to ask for its chain, and the digest of the root it must end in. */
export type IssuerChainRequest = IssuerOptions & {
  readonly type: 'fulcio' | 'step-ca';
  /** SHA-256 of the root certificate's DER: 64 hex digits, with or without colons, from a source other than the issuer. */
  readonly fingerprint: string;
};

/**
 * Fetches the certificates of an issuer for a trust root. The root's digest authenticates them: every chain that is returned verifies
 * up to that root, whoever answered.
 *
 * @throws SignwrightError `usage` for a fingerprint that is none, `verification` where no chain leads to that root, `invalid-input` where
 * one that ends there does not hold, `configuration` where the address is of no such issuer, `unreachable`, `cancelled`.
 */
export async function fetchIssuerChain({ type, fingerprint, ...options }: IssuerChainRequest): Promise<IssuerChain> {
  const sha256 = fingerprint.replaceAll(':', '').toLowerCase();
  if (!/^[0-9a-f]{64}$/.test(sha256)) {
    throw new SignwrightError('usage', 'the fingerprint is not a SHA-256: 64 hex digits', {
      next: 'ask the operator of the issuer for it: openssl x509 -in root.pem -noout -fingerprint -sha256',
    });
  }
  return type === 'fulcio' ? fulcioChains(options, sha256) : stepCaChains(options, sha256);
}
