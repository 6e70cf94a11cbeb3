import { hexOf, type Json } from '@signwright/signing-core';
import type { ListedCertificate } from '../view.ts';

/** The version of the schema this is written to. */
const OCSF_VERSION = '1.9.0';

/** Captions and ids of the schema's enumerations, as far as they are used. */
const ENTITY_MANAGEMENT = {
  category_uid: 3,
  category_name: 'Identity & Access Management',
  class_uid: 3004,
  class_name: 'Entity Management',
};
const READ = { activity_id: 2, activity_name: 'Read' };
const SUCCESS = { status_id: 1, status: 'Success' };
const INFORMATIONAL = { severity_id: 1, severity: 'Informational' };
const LOW = { severity_id: 2, severity: 'Low' };
const OTHER = { type_id: 99, type: 'Certificate' };
const SHA_256 = { algorithm_id: 3, algorithm: 'SHA-256' };

/**
 * A certificate as an event of OCSF 1.9: Entity Management (3004), activity Read. The classes of Discovery are for devices, users,
 * software and what a cloud has, each of which an event of theirs must name; a managed entity may be anything that is managed, and
 * says of what type it is. What the certificate itself says is in `entity.data.certificate`, the schema's own object for one; what
 * the inventory knows of it beside, for which the schema has no place, in `unmapped`.
 *
 * @param now when it was listed, milliseconds since 1970 UTC.
 * @param inventory where the inventory is kept.
 */
export function certificateOcsf(one: ListedCertificate, now: number, inventory: string): object {
  const { digest, serial, issuer, subject, san, notBefore, notAfter, owner, findings, status } = one;
  const uid = digest ?? `${one.authority}/${serial}`;
  const certificate = {
    uid,
    serial_number: serial,
    issuer,
    ...(subject === undefined || subject === '' ? {} : { subject }),
    ...(san === undefined ? {} : { sans: [{ name: san, type: san.includes('://') ? 'URI' : 'Email' }] }),
    created_time: Date.parse(notBefore),
    expiration_time: Date.parse(notAfter),
    ...(digest === undefined ? {} : { fingerprints: [{ ...SHA_256, value: hexOf(digest) }] }),
  };
  return {
    ...ENTITY_MANAGEMENT,
    ...READ,
    type_uid: ENTITY_MANAGEMENT.class_uid * 100 + READ.activity_id,
    type_name: `${ENTITY_MANAGEMENT.class_name}: ${READ.activity_name}`,
    ...(findings.length === 0 ? INFORMATIONAL : LOW),
    ...SUCCESS,
    status_detail: [status, ...findings].join(', '),
    message: `a certificate that is ${status}${owner === undefined ? '' : `, owned by ${owner}`}`,
    time: now,
    metadata: {
      version: OCSF_VERSION,
      product: { name: 'Signwright', vendor_name: 'Signwright' },
      uid: `${uid}/${now}`,
      event_code: 'certificate',
    },
    entity: { ...OTHER, uid, name: san ?? subject ?? serial, data: { certificate } },
    unmapped: unmappedOf(one, inventory),
  };
}

const BESIDE = [
  'status',
  'findings',
  'owner',
  'purpose',
  'environments',
  'authority',
  'profile',
  'key',
  'keyReference',
  'requester',
  'job',
  'renews',
  'renewedBy',
  'revoked',
  'usage',
  'since',
  'found',
] as const satisfies readonly (keyof ListedCertificate)[];

function unmappedOf(one: ListedCertificate, inventory: string): { readonly [name: string]: Json } {
  const fields = BESIDE.map((field) => [field, one[field]] as const);
  return { inventory, ...Object.fromEntries(fields.filter(([, value]) => value !== undefined)) } as { [name: string]: Json };
}
