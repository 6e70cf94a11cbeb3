import { messageOf, SignwrightError } from '../error.ts';
import { type Sha256, sha256 } from '../formats/digest.ts';
import { basicConstraintsOf, type Certificate, keyUsageOf } from './certificate.ts';
import { type RevokedEntry, readEntries, timeOf } from './crl-entries.ts';
import { type CrlScope, readScope } from './crl-scope.ts';
import { readDer, readTime } from './der.ts';
import { type Element, elementAt, TAG, wholeOf } from './der-cursor.ts';
import { type Extensions, notUnderstood, readExtensions } from './extensions.ts';
import { holds, readAlgorithm, readBits } from './signature-algorithms.ts';

/** A certificate revocation list (RFC 5280, 5), complete and by the CA itself. Times are milliseconds since 1970 UTC. */
export type Crl = {
  readonly der: Buffer;
  readonly digest: Sha256;
  /** The issuer's name, DER. */
  readonly issuer: Buffer;
  /** Its number (cRLNumber), which only grows. */
  readonly number?: bigint;
  readonly thisUpdate: number;
  readonly nextUpdate: number;
  /** It still lists what expired at this instant or later (expiredCertsOnCRL, X.509, 9.5.2.8). */
  readonly keepsExpiredSince?: number;
  /** Which certificates it is for (issuingDistributionPoint). */
  readonly scope: CrlScope;
  /** How many certificates it lists. */
  readonly size: number;
  /** What it says of a serial number (content of the INTEGER); `undefined` where it does not list it. */
  find(serialNumber: Buffer): RevokedEntry | undefined;
  /** Whether that CA's name is on it, its key may sign CRLs, and signed this one. */
  isSignedBy(issuer: Certificate): boolean;
};

/** Bytes of a CRL at the most: a million entries. */
export const MAX_CRL: number = 32 * 1024 * 1024;

const CRL_NUMBER = '2.5.29.20';
const DELTA_CRL_INDICATOR = '2.5.29.27';
const ISSUING_DISTRIBUTION_POINT = '2.5.29.28';
const EXPIRED_CERTS_ON_CRL = '2.5.29.60';
const AUTHORITY_KEY_IDENTIFIER = '2.5.29.35';
/** [0], constructed. */
const EXTENSIONS = 0xa0;
const UNDERSTOOD = new Set([CRL_NUMBER, ISSUING_DISTRIBUTION_POINT, EXPIRED_CERTS_ON_CRL, AUTHORITY_KEY_IDENTIFIER]);

/**
 * Reads a CRL in DER, strictly and in place: version 2, a nextUpdate, an accepted signature algorithm, no critical extension that is
 * not understood, no delta CRL, no indirect one. Nothing of it may be believed before {@link Crl.isSignedBy}.
 *
 * @param what what it is, for the message: `the CRL https://…`.
 * @throws SignwrightError `invalid-input`.
 */
export function parseCrl(der: Uint8Array, what = 'the CRL'): Crl {
  try {
    if (der.length > MAX_CRL) throw new Error(`it is larger than ${MAX_CRL} bytes`);
    return read(Buffer.from(der));
  } catch (cause) {
    throw new SignwrightError('invalid-input', `${what} cannot be read: ${messageOf(cause)}`, { cause });
  }
}

function read(der: Buffer): Crl {
  const root = elementAt(der, 0, der.length, TAG.sequence);
  if (root.end !== der.length) throw new Error('something is behind its end');
  const tbs = elementAt(der, root.content, root.end, TAG.sequence);
  const outer = elementAt(der, tbs.end, root.end, TAG.sequence);
  const bits = elementAt(der, outer.end, root.end);
  if (bits.end !== root.end) throw new Error('something is behind its signature');
  const algorithm = readAlgorithm(readDer(wholeOf(der, outer)));
  const { inner, issuer, thisUpdate, nextUpdate, list, extensions } = readTbs(der, tbs);
  if (!wholeOf(der, inner).equals(wholeOf(der, outer))) throw new Error('two different signature algorithms');
  const entries = list ? readEntries(der, list) : new Map<string, RevokedEntry>();
  const signed = { message: wholeOf(der, tbs), algorithm, signature: readBits(readDer(wholeOf(der, bits))) };
  const signedBy = new Map<string, boolean>();
  return {
    der,
    digest: sha256(der),
    issuer,
    thisUpdate,
    nextUpdate,
    ...readKnown(extensions),
    size: entries.size,
    find: (serialNumber) => entries.get(serialNumber.toString('latin1')),
    isSignedBy(ca) {
      const before = signedBy.get(ca.fingerprint);
      if (before !== undefined) return before;
      const may = issuer.equals(ca.subject) && basicConstraintsOf(ca).ca && keyUsageOf(ca)?.cRLSign !== false;
      const answer = may && holds(signed, ca.publicKey);
      signedBy.set(ca.fingerprint, answer);
      return answer;
    },
  };
}

type Tbs = Pick<Crl, 'issuer' | 'thisUpdate' | 'nextUpdate'> & { inner: Element; list?: Element; extensions: Extensions };

function readTbs(der: Buffer, tbs: Element): Tbs {
  const version = elementAt(der, tbs.content, tbs.end);
  if (!wholeOf(der, version).equals(Buffer.of(2, 1, 1))) throw new Error('it is not version 2');
  const inner = elementAt(der, version.end, tbs.end, TAG.sequence);
  const issuer = elementAt(der, inner.end, tbs.end, TAG.sequence);
  const thisUpdate = elementAt(der, issuer.end, tbs.end);
  const next = thisUpdate.end < tbs.end ? elementAt(der, thisUpdate.end, tbs.end) : undefined;
  if (next?.tag !== TAG.utcTime && next?.tag !== TAG.generalizedTime) throw new Error('it does not say when the next one comes');
  const third = next.end < tbs.end ? elementAt(der, next.end, tbs.end) : undefined;
  const list = third?.tag === TAG.sequence ? third : undefined;
  const from = list?.end ?? next.end;
  const last = from < tbs.end ? elementAt(der, from, tbs.end, EXTENSIONS) : undefined;
  if ((last?.end ?? from) !== tbs.end) throw new Error('something is behind its extensions');
  const times = { thisUpdate: timeOf(der, thisUpdate), nextUpdate: timeOf(der, next) };
  if (times.nextUpdate <= times.thisUpdate) throw new Error('its next update is not after this one');
  const extensions = readExtensions(last ? readDer(der.subarray(last.content, last.end)).subs : []);
  return { inner, issuer: wholeOf(der, issuer), ...times, ...(list ? { list } : {}), extensions };
}

function readKnown(extensions: Extensions): Pick<Crl, 'number' | 'keepsExpiredSince' | 'scope'> {
  if (extensions.has(DELTA_CRL_INDICATOR))
    throw new Error('it is a delta CRL, which says only what changed; give the complete one');
  const unknown = notUnderstood(extensions, UNDERSTOOD);
  if (unknown !== undefined) throw new Error(`it has the critical extension ${unknown}, which is not understood`);
  const number = extensions.get(CRL_NUMBER);
  const keeps = extensions.get(EXPIRED_CERTS_ON_CRL);
  return {
    ...(number ? { number: readDer(number.value).toInteger() } : {}),
    ...(keeps ? { keepsExpiredSince: readTime(readDer(keeps.value)) } : {}),
    scope: readScope(extensions.get(ISSUING_DISTRIBUTION_POINT)?.value),
  };
}
