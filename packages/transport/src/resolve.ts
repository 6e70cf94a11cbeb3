import { lookup } from 'node:dns/promises';
import { isIP, type LookupFunction } from 'node:net';
import { SignwrightError } from '@signwright/signing-core';
import { kindOfAddress } from './address.ts';

export type ResolvedAddress = { readonly address: string; readonly family: number };

/** Finds a name's addresses; the system's resolver unless told. */
export type Resolve = (host: string) => Promise<readonly ResolvedAddress[]>;

/** What `http:` and addresses that are not public need. */
export type AllowedAddresses = {
  /** Whether private, unique-local and loopback addresses may be asked. Link-local and multicast ones never are. */
  readonly allowPrivate: boolean;
  /** Whether `http:` will do wherever it leads. */
  readonly plain?: boolean;
  readonly resolve?: Resolve;
};

/**
 * The addresses a URL may be asked at, all of them looked at: a name that has one address it should not have is not used at all.
 * Whoever connects uses these addresses and asks no resolver again.
 *
 * @throws SignwrightError `configuration` for an address that is refused; `unreachable` where the name has none.
 */
export async function addressesOf(url: URL, allowed: AllowedAddresses): Promise<readonly ResolvedAddress[]> {
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const family = isIP(host);
  const found = family === 0 ? await resolved(host, allowed.resolve ?? systemResolver) : [{ address: host, family }];
  for (const { address } of found) checkAddress(url, address, allowed);
  return found;
}

/** Judges one address a URL leads to. @throws SignwrightError `configuration` where it may not be asked. */
export function checkAddress(url: URL, address: string, { allowPrivate, plain = false }: AllowedAddresses): void {
  const kind = kindOfAddress(address);
  if (url.protocol === 'http:' && !plain && (kind !== 'loopback' || !allowPrivate)) {
    throw new SignwrightError('configuration', `${url.host} is named by http:, which is for this machine alone`, {
      where: url.host,
      next: 'use https:',
    });
  }
  if (kind === 'public' || (kind !== 'never' && allowPrivate)) return;
  const next =
    kind === 'never'
      ? 'use an address that others can reach; link-local and multicast addresses are never used'
      : 'use a public address, or allow private ones for it';
  throw new SignwrightError('configuration', `${url.host} leads to ${address}, which is not a public address`, {
    where: url.host,
    next,
  });
}

async function resolved(host: string, resolve: Resolve): Promise<readonly ResolvedAddress[]> {
  let found: readonly ResolvedAddress[];
  try {
    found = await resolve(host);
  } catch (cause) {
    throw unresolved(host, cause);
  }
  if (found.length === 0) throw unresolved(host, undefined);
  return found;
}

function unresolved(host: string, cause: unknown): SignwrightError {
  return new SignwrightError('unreachable', `the name ${host} has no address`, {
    where: host,
    next: 'check the name, and that this machine can resolve it',
    cause,
  });
}

function systemResolver(host: string): Promise<readonly ResolvedAddress[]> {
  return lookup(host, { all: true });
}

/** Answers every question for a name with the addresses that were looked at, so that it cannot change its mind in between. */
export function pinned(addresses: readonly ResolvedAddress[]): LookupFunction {
  return (_, options, callback) => {
    const [first] = addresses;
    if (options.all) callback(null, [...addresses]);
    else callback(null, first?.address ?? '', first?.family);
  };
}
