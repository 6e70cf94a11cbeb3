import { isExactIssuer } from '../issuer-address.ts';

/** Those of the addresses that a trust root can name, each once and in order; wildcards and the like are left out. */
export function exactIssuers(addresses: readonly unknown[]): string[] {
  return [
    ...new Set(addresses.filter((address): address is string => typeof address === 'string' && isExactIssuer(address))),
  ].sort();
}
