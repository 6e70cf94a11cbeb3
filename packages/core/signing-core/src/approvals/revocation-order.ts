import { canonicalDigest, hexOf, type Sha256 } from '../formats/digest.ts';
import { type FieldReader, fieldReader } from '../formats/read-json.ts';
import type { Json } from '../formats/strict-json.ts';
import { REVOCATION_REASONS, type RevocationReason } from '../revocation/revocation-status.ts';
import { type Statement, writeStatement } from '../statement.ts';
import { readDigest } from './named-artifacts.ts';
import { readPlain, readPolicyRef, readTime } from './plain-fields.ts';

/** The predicate type of an order to revoke certificates, and the namespace its SSH signature is made for. */
export const REVOCATION = 'https://signwright.dev/revocation/v1';

/** A certificate as an order names it. */
export type RevokedCertificate = {
  /** The policy's name of the CA, where it is one of its authorities. */
  readonly authority?: string;
  /** Hex, lower case. */
  readonly serial: string;
  /** SHA-256 of its DER; a serial number that was taken and never used has none. */
  readonly digest?: Sha256;
};

/** The word of a person of the `incident` role that certificates are revoked. */
export type RevocationOrder = {
  readonly person: string;
  /** When the person said it, by their own clock, ISO 8601. */
  readonly given: string;
  readonly reason: RevocationReason;
  /** From when on the keys may not have been their owners', ISO 8601. */
  readonly invalidFrom?: string;
  readonly certificates: readonly RevokedCertificate[];
  /** For people. */
  readonly why: string;
  readonly policy: { readonly name?: string; readonly digest: Sha256 };
};

/** Certificates one order may name. */
export const MAX_REVOKED = 100_000;

/** Writes the statement of an order, ready to be signed: its subjects are the certificates, by their digests where they have one. */
export function writeRevocationOrder(order: RevocationOrder): Buffer {
  const subject = order.certificates.map((one) => ({ name: one.serial, sha256: hexOf(subjectOf(one)) }));
  const certificates = order.certificates.map((one) => ({ ...one }));
  return writeStatement({ predicateType: REVOCATION, subject, predicate: { ...order, certificates } });
}

/** What an order is found by: the certificate's digest, or that of its name where there is none. */
function subjectOf({ authority, serial, digest }: RevokedCertificate): Sha256 {
  return digest ?? canonicalDigest({ authority: authority ?? null, serial });
}

const FIELDS = ['person', 'given', 'reason', 'invalidFrom', 'certificates', 'why', 'policy'];

/** @throws SignwrightError `invalid-input` where a field is not what it must be. */
export function readRevocationOrder(statement: Statement): RevocationOrder {
  const read = fieldReader('the order to revoke');
  const fields = read.object(statement.predicate, 'predicate', FIELDS);
  const said = read.list(fields['certificates'], 'predicate.certificates');
  if (said.length !== statement.subject.length || said.length > MAX_REVOKED)
    read.fail('predicate.certificates', 'are not as many as the subjects');
  const certificates = said.map((one, at) => {
    const path = `predicate.certificates[${at}]`;
    const certificate = readRevoked(read, one, path);
    if (`sha256:${statement.subject[at]?.sha256}` !== subjectOf(certificate)) read.fail(path, 'is not the subject at its place');
    return certificate;
  });
  return {
    person: readPlain(read, fields['person'], 'predicate.person'),
    given: readTime(read, fields['given'], 'predicate.given'),
    reason: readReason(read, fields['reason']),
    ...(fields['invalidFrom'] === undefined
      ? {}
      : { invalidFrom: readTime(read, fields['invalidFrom'], 'predicate.invalidFrom') }),
    certificates,
    why: readPlain(read, fields['why'], 'predicate.why'),
    policy: readPolicyRef(read, fields['policy']),
  };
}

function readRevoked(read: FieldReader, value: Json, path: string): RevokedCertificate {
  const fields = read.object(value, path, ['authority', 'serial', 'digest']);
  const serial = read.text(fields['serial'], `${path}.serial`);
  if (!/^([0-9a-f]{2}){1,32}$/.test(serial)) read.fail(`${path}.serial`, 'is not a serial number in hex');
  return {
    ...(fields['authority'] === undefined ? {} : { authority: readPlain(read, fields['authority'], `${path}.authority`) }),
    serial,
    ...(fields['digest'] === undefined ? {} : { digest: readDigest(read, fields['digest'], `${path}.digest`) }),
  };
}

function readReason(read: FieldReader, value: Json | undefined): RevocationReason {
  const reason = read.text(value, 'predicate.reason');
  if (Object.hasOwn(REVOCATION_REASONS, reason)) return reason as RevocationReason;
  return read.fail('predicate.reason', `is not one of ${Object.keys(REVOCATION_REASONS).join(', ')}`);
}
