import {
  type Certificate,
  type Crl,
  MAX_CRL,
  MAX_OCSP_RESPONSE,
  messageOf,
  type RevocationPlaces,
  type RevocationSource,
  type RevocationStatus,
  revocationPlaces,
  SignwrightError,
  statusByCrl,
} from '@signwright/signing-core';
import { fetchFile } from '@signwright/transport';
import { type CrlShelf, crlShelf, type Shelved } from './crl-shelf.ts';
import { keptFiles } from './kept-files.ts';
import { steadyClock } from './lifetime.ts';
import { type OcspDesk, ocspDesk } from './ocsp-desk.ts';

export type RevocationOptions = {
  /** Where answers are kept; made where it is not there. */
  readonly cacheDirectory: string;
  /** The CAs of the trust root, and of vendors': CRLs of others count for nothing. */
  readonly issuers: readonly Certificate[];
  /** CRLs beside those that certificates name: http and https addresses, and paths. */
  readonly crls: readonly string[];
  /** Whether those who answer may be in private networks, or on this machine. */
  readonly allowPrivate: boolean;
  /** How many seconds old an answer may be. */
  readonly maxAge?: number;
  readonly signal?: AbortSignal;
  /** Reads a CRL that is a file, 32 MiB at the most. */
  readonly readFile: (path: string, maxBytes: number) => Promise<Uint8Array>;
  /** Milliseconds by a clock that nobody sets; that of this process unless told. */
  readonly elapsed?: () => number;
};

/** Knows of revocation, and how the CRLs stand that it goes by. */
export type CheckedSource = RevocationSource & {
  /** What a place has, where the policy names one: for people to look at. */
  crl(place: string, at: number): Promise<Shelved>;
  /** The CRLs that answers rested on, in DER: to be kept with what was judged. */
  usedCrls(): readonly Uint8Array[];
};

/** In milliseconds: a list may be long, an answer is short. */
const CRL_DEADLINE = 30_000;
const OCSP_DEADLINE = 10_000;
/** Of the places one certificate names, how many are asked. */
const MOST_PLACES = 4;

/**
 * Asks those who answer for a certificate whether it is revoked: the CRLs the policy gives, its OCSP responders, the CRLs it names. One
 * that says it is revoked ends it; else the first that says it is good. What was answered is kept until its nextUpdate and never
 * longer, asked for anew from two thirds of that time on, and verified again whenever it is read. A CRL that is a file is read by every
 * process, once a minute at the most.
 */
export function createRevocationSource(options: RevocationOptions): CheckedSource {
  const { cacheDirectory, issuers, crls, allowPrivate, maxAge, signal, readFile, elapsed = () => performance.now() } = options;
  const files = keptFiles(cacheDirectory);
  const fetch = async (place: string): Promise<Uint8Array> => {
    if (!isAddress(place)) return readFile(place, MAX_CRL);
    const bounds = { maxBytes: MAX_CRL, deadlineMs: CRL_DEADLINE, allowPrivate, signal, plain: true };
    return (await fetchFile({ url: place, ...bounds })) ?? missing(place);
  };
  const ask = async (place: string, body: Uint8Array): Promise<Uint8Array> => {
    const bounds = { maxBytes: MAX_OCSP_RESPONSE, deadlineMs: OCSP_DEADLINE, allowPrivate, signal, plain: true };
    const question = { type: 'application/ocsp-request', body };
    return (await fetchFile({ url: place, ...bounds, question })) ?? missing(place);
  };
  const isAtHand = (place: string): boolean => !isAddress(place);
  const shelf = crlShelf({ files, issuers, maxAge, isAtHand, fetch, elapsed });
  const desk = ocspDesk({ files, maxAge, ask, elapsed });
  const steady = steadyClock(elapsed);
  const used = new Map<string, Crl>();
  return {
    status: (certificate, issuer, at) => askAll({ shelf, desk, crls, maxAge, used }, certificate, issuer, steady(at)),
    crl: (place, at) => shelf.get(place, steady(at)),
    usedCrls: () => [...used.values()].map(({ der }) => der),
  };
}

type Asking = {
  readonly shelf: CrlShelf;
  readonly desk: OcspDesk;
  readonly crls: readonly string[];
  readonly maxAge: number | undefined;
  /** By digest. */
  readonly used: Map<string, Crl>;
};

/** An answer, unless it is of another issuer. */
type Answered = RevocationStatus | { readonly status: 'of another issuer' };

async function askAll(asking: Asking, certificate: Certificate, issuer: Certificate, at: number): Promise<RevocationStatus> {
  const { shelf, desk, crls, maxAge, used } = asking;
  const byCrl = async (place: string): Promise<Answered> => {
    const { signed, why } = await shelf.get(place, at);
    if (signed === undefined) return { status: 'unknown', why };
    if (!signed.crl.isSignedBy(issuer)) return { status: 'of another issuer' };
    const answer = { at, by: `the CRL ${place}`, ...(maxAge === undefined ? {} : { maxAge }) };
    used.set(signed.crl.digest, signed.crl);
    const status = statusByCrl(signed.crl, certificate, issuer, answer);
    return status.status === 'unknown' && why !== undefined ? { ...status, why: `${status.why}; ${why}` } : status;
  };

  // What the policy gives is asked first: whoever has put a revocation there wants it to be seen.
  const given = (await Promise.all(crls.map(byCrl))).filter(isOfIssuer);
  const known = given.find(({ status }) => status === 'revoked');
  if (known !== undefined) return known;
  const places = placesOf(certificate);
  if ('why' in places) return { status: 'unknown', why: places.why };
  const why: string[] = [];
  const ask = [
    ...places.ocsp.slice(0, MOST_PLACES).map((place) => () => desk.status(place, certificate, issuer, at)),
    ...places.crls.slice(0, MOST_PLACES).map((place) => () => byCrl(place)),
  ];
  for (const asked of ask) {
    const answer = await asked();
    if (answer.status === 'good' || answer.status === 'revoked') return answer;
    why.push(answer.status === 'unknown' ? answer.why : 'the CRL that it names is of another issuer');
  }
  return given.find(({ status }) => status === 'good') ?? noAnswer([...given.flatMap(whyOf), ...why]);
}

function isOfIssuer(answer: Answered): answer is RevocationStatus {
  return answer.status !== 'of another issuer';
}

function whyOf(status: RevocationStatus): string[] {
  return status.status === 'unknown' ? [status.why] : [];
}

function noAnswer(why: readonly string[]): RevocationStatus {
  if (why.length > 0) return { status: 'unknown', why: [...new Set(why)].join('; ') };
  return {
    status: 'unknown',
    why: 'it names neither a CRL nor an OCSP responder, and trust.revocation.crls has no CRL of its issuer',
    nobody: true,
  };
}

function placesOf(certificate: Certificate): RevocationPlaces | { readonly why: string } {
  try {
    return revocationPlaces(certificate);
  } catch (error) {
    return { why: messageOf(error) };
  }
}

function isAddress(place: string): boolean {
  return /^https?:\/\//.test(place);
}

function missing(place: string): never {
  throw new SignwrightError('unreachable', `there is nothing at ${place}`);
}
