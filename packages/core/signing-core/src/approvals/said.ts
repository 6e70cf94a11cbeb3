import { RELEASE_MANIFEST, type ReleaseManifest, readReleaseManifest } from '../releases/release-manifest.ts';
import type { Statement } from '../statement.ts';
import { APPROVAL, type Approval, readApproval } from './approval.ts';
import { type AskedCertificate, CERTIFICATE_REQUEST, readAskedCertificate } from './asked-certificate.ts';
import { REVIEW, type Review, readReview } from './review.ts';
import { REVOCATION, type RevocationOrder, readRevocationOrder } from './revocation-order.ts';
import { readWaiver, WAIVER, type Waiver } from './waiver.ts';

/** What a statement says that is no release part. */
export type Said =
  | { readonly type: 'approval'; readonly approval: Approval }
  | { readonly type: 'waiver'; readonly waiver: Waiver }
  | { readonly type: 'review'; readonly review: Review }
  | { readonly type: 'certificate-request'; readonly asked: AskedCertificate }
  | { readonly type: 'revocation'; readonly order: RevocationOrder }
  | { readonly type: 'manifest'; readonly manifest: ReleaseManifest }
  /** What anybody may attest; what it is worth, the requirement that asks for it tells. */
  | { readonly type: 'attestation' };

/** Reads what a statement says. @throws SignwrightError `invalid-input` where it is one of ours and a field is not what it must be. */
export function readSaid(statement: Statement): Said {
  switch (statement.predicateType) {
    case APPROVAL:
      return { type: 'approval', approval: readApproval(statement) };
    case WAIVER:
      return { type: 'waiver', waiver: readWaiver(statement) };
    case REVIEW:
      return { type: 'review', review: readReview(statement) };
    case CERTIFICATE_REQUEST:
      return { type: 'certificate-request', asked: readAskedCertificate(statement) };
    case REVOCATION:
      return { type: 'revocation', order: readRevocationOrder(statement) };
    case RELEASE_MANIFEST:
      return { type: 'manifest', manifest: readReleaseManifest(statement) };
    default:
      return { type: 'attestation' };
  }
}

/** When a person says they said it, milliseconds since 1970 UTC; nothing for what no person says. */
export function givenAt(said: Said): number | undefined {
  switch (said.type) {
    case 'approval':
      return Date.parse(said.approval.given);
    case 'waiver':
      return Date.parse(said.waiver.given);
    case 'review':
      return Date.parse(said.review.given);
    case 'certificate-request':
      return Date.parse(said.asked.given);
    case 'revocation':
      return Date.parse(said.order.given);
    default:
      return undefined;
  }
}
