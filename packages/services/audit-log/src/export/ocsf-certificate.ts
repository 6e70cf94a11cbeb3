import type { CertificateRecord, Json } from '@signwright/signing-core';
import { FAILURE, SEVERITY, SUCCESS, typed } from './ocsf-words.ts';

const ENTITY_MANAGEMENT = {
  category_uid: 3,
  category_name: 'Identity & Access Management',
  class_uid: 3004,
  class_name: 'Entity Management',
};
const CREATE = { activity_id: 1, activity_name: 'Create' };
const DISABLE = { activity_id: 9, activity_name: 'Disable' };

type Part = { readonly [name: string]: Json };

/** What became of a certificate, as Entity Management of OCSF 1.9. @param who its actor and where it ran. */
export function certificateActivity(record: CertificateRecord, who: Part): Part {
  const { said, serial, digest, authority, profile, key, subject, evidence, reason } = record;
  return {
    ...typed(ENTITY_MANAGEMENT, said === 'revoke' ? DISABLE : CREATE),
    ...statusOf(record),
    ...who,
    ...(reason === undefined ? {} : { comment: reason }),
    entity: {
      uid: digest ?? serial ?? record.request,
      name: subject ?? profile ?? serial ?? 'certificate',
      type_id: 99,
      type: 'Certificate',
      data: {
        ...(authority === undefined ? {} : { authority }),
        ...(profile === undefined ? {} : { profile }),
        ...(serial === undefined ? {} : { serial }),
        ...(key === undefined ? {} : { key }),
        ...(evidence === undefined ? {} : { evidence: [...evidence] }),
      },
    },
  };
}

function statusOf({ said, profile, serial, reason }: CertificateRecord): Part {
  const what = `a certificate${profile === undefined ? '' : ` of the profile ${profile}`}`;
  const detail = reason === undefined ? {} : { status_detail: reason };
  switch (said) {
    case 'issue':
      return { status_id: 99, status: 'Intended', ...SEVERITY.informational, message: `${what} is about to be issued` };
    case 'issued':
      return { ...SUCCESS, ...SEVERITY.informational, message: `${what} was issued` };
    case 'failed':
      return { ...FAILURE, status_code: said, ...detail, ...SEVERITY.low, message: `${what} could not be issued` };
    case 'refused':
      return { ...FAILURE, status_code: said, ...detail, ...SEVERITY.medium, message: `${what} was refused` };
    case 'revoke':
      return { ...SUCCESS, ...SEVERITY.high, message: `the certificate ${serial ?? ''} was ordered to be revoked` };
  }
}
