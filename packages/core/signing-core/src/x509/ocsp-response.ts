import { type RevokedEntry, reasonOf } from './crl-entries.ts';
import { bytesOf, child, type Der, isContext, readDer, readTime } from './der.ts';
import { TAG } from './der-cursor.ts';
import { type Extensions, notUnderstood, readExtensions } from './extensions.ts';
import { readSigned, type SignedBytes } from './signature-algorithms.ts';

/** What an OCSP response says, before any of it is believed (RFC 6960, 4.2). Times are milliseconds since 1970 UTC. */
export type OcspResponse = {
  /** Who says he made it: the subject of his certificate (DER), or the SHA-1 digest of his key. */
  readonly responder: { readonly name: Buffer } | { readonly keyHash: Buffer };
  readonly producedAt: number;
  readonly answers: readonly SingleAnswer[];
  /** The value of the nonce's extension. */
  readonly nonce?: Buffer;
  readonly signed: SignedBytes;
  /** Those it brings, DER. */
  readonly certificates: readonly Buffer[];
};

/** What it says of one certificate. */
export type SingleAnswer = {
  readonly id: Der;
  readonly said: 'good' | 'unknown' | RevokedEntry;
  readonly thisUpdate: number;
  readonly nextUpdate?: number;
  /** It remembers what expired at this instant or later (archiveCutoff). */
  readonly keepsExpiredSince?: number;
};

const REFUSALS: readonly (string | undefined)[] = [
  undefined,
  'that the request is malformed',
  'that it has an internal error',
  'to try later',
  undefined,
  'that requests must be signed',
  'that it does not know whoever asks',
];
const BASIC = '1.3.6.1.5.5.7.48.1.1';
const NONCE = '1.3.6.1.5.5.7.48.1.2';
const ARCHIVE_CUTOFF = '1.3.6.1.5.5.7.48.1.6';
const INVALIDITY_DATE = '2.5.29.24';
const UNDERSTOOD = new Set([NONCE, ARCHIVE_CUTOFF, INVALIDITY_DATE]);

/** Reads an OCSPResponse in DER, or why there is none. Throws an Error that says what is malformed. */
export function parseOcspResponse(der: Uint8Array): OcspResponse | { readonly refusal: string } {
  const root = readDer(der);
  const status = enumerated(child(root, 0));
  if (status !== 0) {
    const refusal = REFUSALS[status];
    if (refusal === undefined) throw new Error(`its status ${status} is not defined`);
    return { refusal };
  }
  const bytes = child(child(root, 1), 0);
  if (child(bytes, 0).toOID() !== BASIC) throw new Error('it is of another kind than a basic response');
  const basic = readDer(child(bytes, 1).value);
  const [, , , certificates] = basic.subs;
  return {
    ...readData(child(basic, 0)),
    signed: readSigned(basic),
    certificates: certificates ? child(certificates, 0).subs.map(bytesOf) : [],
  };
}

function readData(data: Der): Pick<OcspResponse, 'responder' | 'producedAt' | 'answers' | 'nonce'> {
  const [first] = data.subs;
  const versioned = first !== undefined && isContext(first, 0);
  if (versioned && child(first, 0).toInteger() !== 0n) throw new Error('it is not version 1');
  const [responder, producedAt, answers, extensions] = data.subs.slice(versioned ? 1 : 0);
  if (!responder || !producedAt || !answers) throw new Error('it is incomplete');
  const nonce = understood(extensions, 1).get(NONCE)?.value;
  return {
    responder: readResponder(responder),
    producedAt: readTime(producedAt),
    answers: answers.subs.map(readAnswer),
    ...(nonce ? { nonce } : {}),
  };
}

function readResponder(id: Der): OcspResponse['responder'] {
  const value = child(id, 0);
  if (isContext(id, 1)) return { name: bytesOf(value) };
  if (isContext(id, 2) && value.tag.isOctetString()) return { keyHash: value.value };
  throw new Error('it does not say who made it');
}

function readAnswer(answer: Der): SingleAnswer {
  const said = child(answer, 1);
  const rest = answer.subs.slice(3);
  const next = rest.find((part) => isContext(part, 0));
  const extensions = understood(
    rest.find((part) => isContext(part, 1)),
    1,
  );
  if (rest.length !== (next ? 1 : 0) + (extensions.size > 0 ? 1 : 0)) throw new Error('an answer is malformed');
  const cutoff = extensions.get(ARCHIVE_CUTOFF);
  return {
    id: child(answer, 0),
    said: readSaid(said, extensions),
    thisUpdate: readTime(child(answer, 2)),
    ...(next ? { nextUpdate: readTime(child(next, 0)) } : {}),
    ...(cutoff ? { keepsExpiredSince: readTime(readDer(cutoff.value)) } : {}),
  };
}

function readSaid(said: Der, extensions: Extensions): SingleAnswer['said'] {
  if (isContext(said, 1)) {
    const reason = said.subs[1];
    const invalid = extensions.get(INVALIDITY_DATE);
    return {
      revokedAt: readTime(child(said, 0)),
      reason: reason ? reasonOf(enumerated(child(reason, 0))) : 'unspecified',
      ...(invalid ? { invalidFrom: readTime(readDer(invalid.value)) } : {}),
    };
  }
  if (said.tag.constructed || said.value.length > 0) throw new Error('an answer is malformed');
  if (isContext(said, 0)) return 'good';
  if (isContext(said, 2)) return 'unknown';
  throw new Error('an answer says nothing that is defined');
}

/** The extensions in an element `[number]`, each of which is understood where it is critical. */
function understood(part: Der | undefined, number: number): Extensions {
  if (part === undefined) return new Map();
  if (!isContext(part, number)) throw new Error('it is malformed');
  const extensions = readExtensions(child(part, 0).subs);
  const unknown = notUnderstood(extensions, UNDERSTOOD);
  if (unknown !== undefined) throw new Error(`it has the critical extension ${unknown}, which is not understood`);
  return extensions;
}

function enumerated({ tag, value }: Der): number {
  if (tag.toDER() !== TAG.enumerated || value.length !== 1) throw new Error('it is malformed');
  return value[0] as number;
}
