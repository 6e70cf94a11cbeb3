import type { ListedCertificate } from '../view.ts';

/** The columns of an inventory as CSV, in order: how each is called, and what it says of a certificate. Those an import takes are marked. */
export const COLUMNS: readonly {
  readonly name: string;
  readonly text: (one: ListedCertificate) => string | undefined;
  /** The field of an import it is read into; the others are derived, and read over. */
  readonly taken?: ImportField;
}[] = [
  { name: 'status', text: ({ status }) => status },
  { name: 'findings', text: ({ findings }) => findings.join(' ') },
  { name: 'owner', text: ({ owner }) => owner, taken: 'owner' },
  { name: 'purpose', text: ({ purpose }) => purpose, taken: 'purpose' },
  { name: 'environments', text: ({ environments }) => environments?.join(' '), taken: 'environments' },
  { name: 'not-before', text: ({ notBefore }) => notBefore, taken: 'notBefore' },
  { name: 'not-after', text: ({ notAfter }) => notAfter, taken: 'notAfter' },
  { name: 'issuer', text: ({ issuer }) => issuer, taken: 'issuer' },
  { name: 'authority', text: ({ authority }) => authority },
  { name: 'profile', text: ({ profile }) => profile },
  { name: 'serial', text: ({ serial }) => serial, taken: 'serial' },
  { name: 'digest', text: ({ digest }) => digest, taken: 'digest' },
  { name: 'subject', text: ({ subject }) => subject, taken: 'subject' },
  { name: 'san', text: ({ san }) => san, taken: 'san' },
  { name: 'key', text: ({ key }) => key, taken: 'key' },
  { name: 'key-reference', text: ({ keyReference }) => keyReference, taken: 'keyReference' },
  { name: 'requester', text: ({ requester }) => requester },
  { name: 'job', text: ({ job }) => job },
  { name: 'last-used', text: ({ usage }) => usage?.last.at },
  { name: 'last-pipeline', text: ({ usage }) => usage?.last.pipeline },
  { name: 'last-job', text: ({ usage }) => usage?.last.job },
  { name: 'signatures', text: ({ usage }) => usage && String(usage.signatures) },
  { name: 'unaccounted', text: ({ usage }) => usage && String(usage.unaccounted) },
  { name: 'renewed-by', text: ({ renewedBy }) => renewedBy },
  { name: 'revoked', text: ({ revoked }) => revoked?.at },
  { name: 'reason', text: ({ revoked }) => revoked?.reason },
  { name: 'since', text: ({ since }) => since },
  {
    name: 'found',
    text: ({ found }) => found.map(({ in: by, place }) => (place === undefined ? by : `${by}:${place}`)).join('; '),
  },
];

/** What an import takes of a certificate. */
export const IMPORT_FIELDS = [
  'owner',
  'purpose',
  'environments',
  'notBefore',
  'notAfter',
  'issuer',
  'serial',
  'digest',
  'subject',
  'san',
  'key',
  'keyReference',
] as const;
export type ImportField = (typeof IMPORT_FIELDS)[number];

/** The rows of an inventory, for CSV. */
export function certificateRow(one: ListedCertificate): string[] {
  return COLUMNS.map(({ text }) => text(one) ?? '');
}

/** The fields of a certificate as JSON, in the order of an export. */
export const JSON_FIELDS: readonly (keyof ListedCertificate)[] = [
  'status',
  'findings',
  'owner',
  'purpose',
  'environments',
  'notBefore',
  'notAfter',
  'issuer',
  'authority',
  'profile',
  'serial',
  'digest',
  'subject',
  'san',
  'key',
  'keyReference',
  'requester',
  'job',
  'proofs',
  'renews',
  'renewedBy',
  'renewing',
  'revoked',
  'usage',
  'alerted',
  'since',
  'found',
];

/** A certificate as JSON: what is not known is left out. */
export function certificateJson(one: ListedCertificate): object {
  const fields = JSON_FIELDS.map((field) => [field, one[field]] as const);
  return Object.fromEntries(fields.filter(([, value]) => value !== undefined));
}
