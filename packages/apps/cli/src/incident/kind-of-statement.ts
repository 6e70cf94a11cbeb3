import {
  APPROVAL,
  CERTIFICATE_REQUEST,
  INCIDENT,
  RELEASE_MANIFEST,
  RELEASE_PART,
  REVIEW,
  REVOCATION,
  VERIFICATION_SUMMARY,
  WAIVER,
} from '@signwright/signing-core';

const KINDS: ReadonlyMap<string, string> = new Map([
  [RELEASE_PART, 'part'],
  [RELEASE_MANIFEST, 'manifest'],
  [APPROVAL, 'approval'],
  [WAIVER, 'waiver'],
  [REVIEW, 'review'],
  [CERTIFICATE_REQUEST, 'certificate-request'],
  [REVOCATION, 'revocation'],
  [INCIDENT, 'incident'],
  [VERIFICATION_SUMMARY, 'verdict'],
]);

/** What a statement is, by its predicate type. */
export function kindOfStatement(predicateType: string): string {
  return KINDS.get(predicateType) ?? 'attestation';
}
