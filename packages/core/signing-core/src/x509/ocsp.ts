import { messageOf, SignwrightError } from '../error.ts';
import type { RevocationStatus } from '../revocation/revocation-status.ts';
import { type Answer, CLOCK_SKEW, revokedBy, unknownBy, whyOutOfTime } from './answer.ts';
import type { Certificate } from './certificate.ts';
import { isWorse } from './crl-entries.ts';
import { TAG } from './der-cursor.ts';
import { isCertId } from './ocsp-cert-id.ts';
import { checkResponder } from './ocsp-responder.ts';
import { type OcspResponse, parseOcspResponse, type SingleAnswer } from './ocsp-response.ts';
import { element } from './write-der.ts';

/** Bytes of an OCSP response at the most. */
export const MAX_OCSP_RESPONSE = 20_480;

type Asked = Answer & { readonly nonce?: Uint8Array };

/** What a responder's answer comes to, and for how long it may be kept. */
export type OcspAnswer = { readonly status: RevocationStatus; readonly thisUpdate?: number; readonly nextUpdate?: number };

/**
 * What an OCSPResponse in DER says of a certificate (RFC 6960, 3.2): by the issuer itself or by a responder it delegated, about this
 * very certificate, in answer to this nonce where there is one, and in time. An answer without nextUpdate counts for five minutes.
 * That it is revoked counts however old it is, unless only on hold; that it is good counts for one that has expired only as far back
 * as the responder remembers (archiveCutoff).
 *
 * @param answer `nonce` is what {@link ocspRequest} was given: an answer to another is refused, one without any is allowed.
 * @throws SignwrightError `invalid-input` for bytes that are no OCSPResponse.
 */
export function readOcspResponse(der: Uint8Array, certificate: Certificate, issuer: Certificate, answer: Asked): OcspAnswer {
  const response = parse(der, answer.by);
  if ('refusal' in response) return { status: unknownBy(answer, `the responder says ${response.refusal}`) };
  try {
    return judge(response, certificate, issuer, answer);
  } catch (error) {
    return { status: unknownBy(answer, messageOf(error)) };
  }
}

function parse(der: Uint8Array, by: string): ReturnType<typeof parseOcspResponse> {
  try {
    if (der.length > MAX_OCSP_RESPONSE) throw new Error(`it is larger than ${MAX_OCSP_RESPONSE} bytes`);
    return parseOcspResponse(der);
  } catch (cause) {
    throw new SignwrightError('invalid-input', `the answer of ${by} cannot be read: ${messageOf(cause)}`, { cause });
  }
}

function judge(response: OcspResponse, certificate: Certificate, issuer: Certificate, asked: Asked): OcspAnswer {
  if (!certificate.issuer.equals(issuer.subject) || !certificate.isSignedBy(issuer))
    throw new Error('the certificate is of another issuer');
  const found = response.answers.filter(({ id }) => isCertId(id, certificate, issuer)).reduce(worse, undefined);
  if (!found) throw new Error('it is about another certificate');
  checkResponder(response, issuer, asked.at);
  const { nonce } = asked;
  if (nonce && response.nonce && !response.nonce.equals(element(TAG.octetString, nonce)))
    throw new Error('it answers another request: its nonce is not the one that was sent');
  const { thisUpdate, nextUpdate } = found;
  const status = statusOf(found, response, certificate, asked);
  return { status, thisUpdate, ...(nextUpdate === undefined ? {} : { nextUpdate }) };
}

function statusOf(found: SingleAnswer, { producedAt }: OcspResponse, certificate: Certificate, asked: Asked): RevocationStatus {
  const { said, thisUpdate, nextUpdate = thisUpdate + CLOCK_SKEW, keepsExpiredSince = Number.POSITIVE_INFINITY } = found;
  if (typeof said === 'object' && said.reason !== 'certificateHold') return revokedBy(asked, thisUpdate, said);
  if (producedAt > asked.at + CLOCK_SKEW) return unknownBy(asked, 'it is of the future; is the clock of this machine right?');
  const why = whyOutOfTime({ thisUpdate, nextUpdate }, asked);
  if (why !== undefined) return unknownBy(asked, why);
  if (said === 'unknown') return unknownBy(asked, 'the responder does not know the certificate');
  if (said !== 'good') return revokedBy(asked, thisUpdate, said);
  if (asked.at > certificate.notAfter && keepsExpiredSince > certificate.notAfter)
    return unknownBy(asked, 'the certificate has expired, and the responder does not say that it remembers those');
  return { status: 'good', asOf: thisUpdate, by: asked.by };
}

/** Of several answers about one certificate, what is worse counts: that it is revoked before that it is unknown. */
function worse(first: SingleAnswer | undefined, second: SingleAnswer): SingleAnswer {
  if (first === undefined) return second;
  if (typeof first.said === 'object' && typeof second.said === 'object') return isWorse(first.said, second.said) ? first : second;
  const rank = ({ said }: SingleAnswer): number => (typeof said === 'object' ? 2 : said === 'unknown' ? 1 : 0);
  return rank(first) >= rank(second) ? first : second;
}
