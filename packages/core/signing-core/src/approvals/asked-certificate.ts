import { hexOf, type Sha256, sha256 } from '../formats/digest.ts';
import { fieldReader } from '../formats/read-json.ts';
import { type Statement, writeStatement } from '../statement.ts';
import { readPlain, readPolicyRef, readTime } from './plain-fields.ts';

/** The predicate type of a request for a certificate, and the namespace its SSH signature is made for. */
export const CERTIFICATE_REQUEST = 'https://signwright.dev/certificate-request/v1';

/**
 * That a person is to have a certificate for this key: their own word, or that of somebody else who signs it too. Whose word it is, the
 * signature tells.
 */
export type AskedCertificate = {
  /** The policy's name of whoever is to have the certificate. */
  readonly person: string;
  readonly profile: string;
  /** When whoever signs said it, by their own clock, ISO 8601. */
  readonly given: string;
  /** PKCS#10 in DER, signed by the key itself. */
  readonly csr: Uint8Array;
  readonly reason?: string;
  readonly policy: { readonly name?: string; readonly digest: Sha256 };
};

/** Bytes of a certificate request in a statement, at the most. */
export const MAX_CSR = 16_384;

/** What its one subject is called. */
const SUBJECT = 'certificate request';

/** Writes the statement of a request for a certificate, ready to be signed. */
export function writeAskedCertificate({ csr, ...asked }: AskedCertificate): Buffer {
  const subject = [{ name: SUBJECT, sha256: hexOf(sha256(csr)) }];
  const predicate = { ...asked, csr: Buffer.from(csr).toString('base64') };
  return writeStatement({ predicateType: CERTIFICATE_REQUEST, subject, predicate });
}

/** @throws SignwrightError `invalid-input` where a field is not what it must be. */
export function readAskedCertificate(statement: Statement): AskedCertificate {
  const read = fieldReader('the request for a certificate');
  const fields = read.object(statement.predicate, 'predicate', ['person', 'profile', 'given', 'csr', 'reason', 'policy']);
  const csr = read.bytes(fields['csr'], 'predicate.csr');
  if (csr.length === 0 || csr.length > MAX_CSR) read.fail('predicate.csr', `is not of 1 to ${MAX_CSR} bytes`);
  const [subject, ...others] = statement.subject;
  if (others.length > 0 || subject?.name !== SUBJECT || `sha256:${subject.sha256 ?? ''}` !== sha256(csr))
    read.fail('subject', 'is not the request in the predicate');
  return {
    person: readPlain(read, fields['person'], 'predicate.person'),
    profile: readPlain(read, fields['profile'], 'predicate.profile'),
    given: readTime(read, fields['given'], 'predicate.given'),
    csr,
    ...(fields['reason'] === undefined ? {} : { reason: readPlain(read, fields['reason'], 'predicate.reason') }),
    policy: readPolicyRef(read, fields['policy']),
  };
}
