import { createHash, randomBytes } from 'node:crypto';
import {
  type Certificate,
  MAX_OCSP_RESPONSE,
  type OcspAnswer,
  ocspRequest,
  type RevocationStatus,
  readOcspResponse,
  SignwrightError,
} from '@signwright/signing-core';
import type { KeptFiles } from './kept-files.ts';
import { isDue } from './lifetime.ts';
import { singleFlight } from './refetch.ts';

/** Asks OCSP responders about certificates, and keeps what they answered. */
export type OcspDesk = {
  status(place: string, certificate: Certificate, issuer: Certificate, at: number): Promise<RevocationStatus>;
};

type DeskOptions = {
  readonly files: KeptFiles;
  readonly maxAge: number | undefined;
  /** Posts a request to a responder and gives its answer, 20,480 bytes at the most. Throws SignwrightError. */
  readonly ask: (place: string, request: Uint8Array) => Promise<Uint8Array>;
  readonly elapsed: () => number;
};

/** Bytes of the nonce (RFC 9654 wants 32). */
const NONCE = 32;

export function ocspDesk({ files, maxAge, ask, elapsed }: DeskOptions): OcspDesk {
  const known = new Map<string, Uint8Array>();
  const flights = singleFlight<OcspAnswer>(elapsed);

  return {
    async status(place, certificate, issuer, at) {
      const key = createHash('sha256').update(`ocsp\n${issuer.fingerprint}\n${certificate.fingerprint}\n${place}`).digest('hex');
      const answer = { at, by: `the OCSP responder ${place}`, ...(maxAge === undefined ? {} : { maxAge }) };
      const kept = known.get(key) ?? (await files.read(key, MAX_OCSP_RESPONSE));
      const before = kept && readKept(kept, certificate, issuer, answer);
      if (before && (before.status.status === 'revoked' || !isOver(before, maxAge, at))) return before.status;

      const fetched = await flights(key, async () => {
        const nonce = randomBytes(NONCE);
        const bytes = await ask(place, ocspRequest(certificate, issuer, nonce));
        const now = readOcspResponse(bytes, certificate, issuer, { ...answer, nonce });
        if (now.status.status === 'unknown') return now;
        if ((now.thisUpdate ?? 0) < (before?.thisUpdate ?? 0))
          throw new SignwrightError('verification', `${answer.by} gave an answer that is older than one it gave before`);
        known.set(key, bytes);
        await files.write(key, bytes);
        return now;
      });
      if ('value' in fetched && fetched.value.status.status !== 'unknown') return again(key);
      // What was answered before counts for as long as it says, whoever cannot be reached meanwhile.
      if (before !== undefined && before.status.status !== 'unknown') return before.status;
      return 'value' in fetched ? fetched.value.status : { status: 'unknown', why: fetched.why };

      /** Whoever waited, or comes within the minute, has it judged at their own instant. */
      function again(kept: string): RevocationStatus {
        const bytes = known.get(kept) as Uint8Array;
        return readOcspResponse(bytes, certificate, issuer, answer).status;
      }
    },
  };
}

function isOver({ status, thisUpdate, nextUpdate }: OcspAnswer, maxAge: number | undefined, at: number): boolean {
  if (status.status === 'unknown' || thisUpdate === undefined || nextUpdate === undefined) return true;
  return isDue({ thisUpdate, nextUpdate }, maxAge, at);
}

/** What was kept is held against its signature again: whoever can write here must not be believed. */
function readKept(
  bytes: Uint8Array,
  certificate: Certificate,
  issuer: Certificate,
  answer: Parameters<typeof readOcspResponse>[3],
): OcspAnswer | undefined {
  try {
    return readOcspResponse(bytes, certificate, issuer, answer);
  } catch {
    return undefined;
  }
}
