import { createHash } from 'node:crypto';
import { type Certificate, type Crl, MAX_CRL, parseCrl, SignwrightError } from '@signwright/signing-core';
import type { KeptFiles } from './kept-files.ts';
import { endOf, isDue, isOfFuture } from './lifetime.ts';
import { derOf } from './pem.ts';
import { singleFlight } from './refetch.ts';
import { seenCrls } from './seen-crls.ts';

/** A CRL that one of the CAs we know has signed. */
export type SignedCrl = { readonly crl: Crl; readonly issuer: Certificate };

/** What a place has: the newest CRL that is known of it, stale or not, and why there is no newer one; or nothing, and why. */
export type Shelved =
  | { readonly signed: SignedCrl; readonly why?: string }
  | { readonly signed?: undefined; readonly why: string };

/** The CRLs of places: fetched, kept, and fetched anew in time. */
export type CrlShelf = { get(place: string, at: number): Promise<Shelved> };

type ShelfOptions = {
  readonly files: KeptFiles;
  /** The CAs whose CRLs count. */
  readonly issuers: readonly Certificate[];
  readonly maxAge: number | undefined;
  /** Whether a place is at hand: it is read anew by every process, and nothing of it is kept. */
  readonly isAtHand: (place: string) => boolean;
  /** Reads what is at a place, 32 MiB at the most. Throws SignwrightError. */
  readonly fetch: (place: string) => Promise<Uint8Array>;
  readonly elapsed: () => number;
};

export function crlShelf({ files, issuers, maxAge, isAtHand, fetch, elapsed }: ShelfOptions): CrlShelf {
  const known = new Map<string, SignedCrl>();
  const seen = seenCrls(files);
  const flights = singleFlight<SignedCrl>(elapsed);

  /** Whoever can write here must not be believed: what nobody signed, or what is older than one seen before, is not there. */
  async function kept(key: string, place: string): Promise<SignedCrl | undefined> {
    const bytes = known.has(key) ? undefined : await files.read(key, MAX_CRL);
    const signed = known.get(key) ?? (bytes && readKept(bytes, place));
    if (signed === undefined || (await seen.whyOlder(signed)) !== undefined) return undefined;
    known.set(key, signed);
    return signed;
  }

  function readKept(bytes: Uint8Array, place: string): SignedCrl | undefined {
    try {
      return signedBy(parseCrl(bytes, `the CRL ${place}`), place, issuers);
    } catch {
      return undefined;
    }
  }

  async function fetchNew(key: string, place: string, at: number): Promise<SignedCrl> {
    const signed = signedBy(parseCrl(derOf(await fetch(place), 'X509 CRL'), `the CRL ${place}`), place, issuers);
    const older = await seen.whyOlder(signed);
    if (older !== undefined) throw refused(place, older);
    // A CA whose clock was wrong makes the right ones after it.
    if (!isOfFuture(signed.crl, at)) await seen.remember(signed);
    known.set(key, signed);
    if (!isAtHand(place)) await files.write(key, signed.crl.der);
    return signed;
  }

  return {
    async get(place, at) {
      const key = createHash('sha256').update(`crl\n${place}`).digest('hex');
      if (isAtHand(place)) {
        const read = await flights(key, () => fetchNew(key, place, at));
        return 'value' in read ? { signed: read.value } : read;
      }
      const before = await kept(key, place);
      if (before !== undefined && !isDue(before.crl, maxAge, at)) return { signed: before };
      const fetched = await flights(key, () => fetchNew(key, place, at));
      if ('value' in fetched) return { signed: fetched.value };
      if (before === undefined) return fetched;
      // It counts until it ends, whoever cannot be reached meanwhile.
      return { signed: before, ...(at <= endOf(before.crl, maxAge) ? {} : { why: fetched.why }) };
    },
  };
}

function signedBy(crl: Crl, place: string, issuers: readonly Certificate[]): SignedCrl {
  const named = issuers.filter(({ subject }) => subject.equals(crl.issuer));
  if (named.length === 0) throw refused(place, 'it is of an issuer that the trust root does not list');
  const issuer = named.find((one) => crl.isSignedBy(one));
  if (issuer !== undefined) return { crl, issuer };
  throw refused(place, `${named[0]?.subjectText} did not sign it, or may not sign CRLs`);
}

function refused(place: string, why: string): SignwrightError {
  return new SignwrightError('verification', `the CRL ${place} does not count: ${why}`);
}
