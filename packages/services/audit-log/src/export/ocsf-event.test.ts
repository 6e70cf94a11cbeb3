import { createHash } from 'node:crypto';
import { type CertificateRecord, canonicalJson, type Json, type LogRecord, sha256 } from '@signwright/signing-core';
import { numberedIntent, numberedResult, recordAt, recordLog, testApproval } from '@signwright/testkit';
import { describe, expect, test } from 'vitest';
import { exportRecords } from './export-records.ts';

const ORIGIN = 'log.example/acme';

type Event = { [name: string]: unknown };

async function eventsOf(records: readonly (LogRecord | Uint8Array)[]): Promise<Event[]> {
  const events: Event[] = [];
  const view = { origin: ORIGIN, reader: recordLog(records), root: Buffer.alloc(32, 7) };
  for await (const { lines } of exportRecords(view, 'ocsf', { origin: ORIGIN, next: 0 })) {
    events.push(...lines.map((line) => JSON.parse(line) as Event));
  }
  return events;
}

const refused = {
  event: 'segment-refused' as const,
  time: '2026-01-01T00:00:00Z',
  segment: 3,
  digest: sha256('segment'),
  reason: 'an unknown key',
};
const certificate = (said: CertificateRecord['said'], more: Partial<CertificateRecord> = {}): CertificateRecord => {
  const { request, time, requester, environment, policy, host } = numberedIntent(3);
  const base = { request, time, requester, environment, policy, ...(host === undefined ? {} : { host }) };
  return { ...base, event: 'certificate', said, authority: 'acme', profile: 'ci', ...more };
};
const { host: _host, address: _address, job: _job, bytes: _bytes, ...bare } = numberedIntent(5);
const {
  signature: _signature,
  evidence: _evidence,
  signed: _signed,
  ...files
} = numberedResult(7) as ReturnType<typeof numberedResult> & { signature: string; evidence: string; signed: string };
const RECORDS: { readonly [what: string]: LogRecord | Uint8Array } = {
  'an intent': numberedIntent(1),
  'an intent by a key, of a run that knows little of itself': { ...bare, requester: { asserted: {} } },
  'an intent with an address that is none': { ...numberedIntent(9), host: '', address: 'not an address' },
  'a result': numberedResult(1),
  'a result of files': { ...files, files: 3 } as LogRecord,
  'a failure': numberedResult(2, true),
  'a refusal': recordAt(40),
  'an approval': testApproval('yes', { artifacts: numberedIntent(1).artifacts, host: 'laptop' }),
  'a waiver': testApproval('let it', { said: 'waive', about: ['attestation:tests'] }),
  'a review': testApproval('seen', { said: 'review', about: [sha256('waiver')] }),
  'a certificate to be issued': certificate('issue', { key: 'a2V5' }),
  'a certificate that was issued': certificate('issued', {
    serial: '0a',
    digest: sha256('der'),
    subject: 'https://ci.example/job',
  }),
  'a certificate for a person': certificate('issued', { person: 'ann', evidence: [sha256('request')] }),
  'a certificate that was refused': certificate('refused', { reason: 'the person is of none of its roles' }),
  'a certificate that failed': certificate('failed', { reason: 'unreachable' }),
  'a certificate that was revoked': certificate('revoke', {
    serial: '0a',
    person: 'bob',
    reason: 'keyCompromise',
    evidence: [sha256('order')],
  }),
  'a segment that was not taken': refused,
  'a record of a later version': Buffer.from('{"event":"key-created","time":"2026-01-01T00:00:00Z","type":"https://x/v2"}'),
  'a record of nobody knows whom': Buffer.from([0xff, 0x00]),
};

/** What OCSF 1.9 says of the classes and objects that are used: each attribute's type, `!` where it is required, `[]` for lists. */
const SCHEMA: { readonly [name: string]: { readonly [attribute: string]: string } } = {
  event: {
    activity_id: 'int!',
    activity_name: 'text',
    category_name: 'text',
    category_uid: 'int!',
    class_name: 'text',
    class_uid: 'int!',
    message: 'text',
    metadata: 'metadata!',
    raw_data: 'text',
    raw_data_hash: 'fingerprint',
    raw_data_size: 'int',
    severity: 'text',
    severity_id: 'int!',
    status: 'text',
    status_code: 'text',
    status_detail: 'text',
    status_id: 'int',
    time: 'int!',
    type_name: 'text',
    type_uid: 'int!',
    unmapped: 'json',
    attestation_list: 'attestation[]',
  },
  management: { actor: 'actor', comment: 'text', entity: 'managed_entity!', src_endpoint: 'endpoint' },
  managed_entity: { data: 'json', name: 'text', type: 'text', type_id: 'int', uid: 'text' },
  activity: { actor: 'actor!', api: 'api!', resources: 'resource_details[]', src_endpoint: 'endpoint!' },
  metadata: {
    correlation_uid: 'text',
    event_code: 'text',
    log_format: 'text',
    log_name: 'text',
    log_version: 'text',
    original_time: 'text',
    product: 'product!',
    profiles: 'text[]',
    sequence: 'int',
    uid: 'text',
    version: 'text!',
  },
  product: { name: 'text', vendor_name: 'text' },
  actor: { app_name: 'text', authorizations: 'authorization[]', idp: 'entity', user: 'user' },
  authorization: { decision: 'text', policy: 'entity' },
  user: { credential_uid: 'text', name: 'text', type: 'text', type_id: 'int', uid: 'text' },
  entity: { name: 'text', uid: 'text' },
  api: { operation: 'text!', request: 'request', response: 'response', service: 'entity' },
  request: { uid: 'text!' },
  response: { error: 'text', error_message: 'text' },
  endpoint: { hostname: 'text', ip: 'ip', name: 'text' },
  resource_details: {
    data: 'json',
    labels: 'text[]',
    name: 'text',
    role: 'text',
    role_id: 'int',
    type: 'text',
    uid: 'text',
  },
  attestation: { authority_uid: 'text', chain_uid: 'text', fingerprint: 'fingerprint', uid: 'text' },
  fingerprint: {
    algorithm: 'text',
    algorithm_id: 'int!',
    encoding: 'text',
    encoding_id: 'int',
    serialization: 'text',
    serialization_id: 'int',
    value: 'text!',
  },
};
const AT_LEAST_ONE: { readonly [name: string]: readonly string[] } = {
  actor: ['app_name', 'user'],
  user: ['name', 'uid'],
  entity: ['name', 'uid'],
  endpoint: ['hostname', 'ip', 'name'],
  attestation: ['fingerprint'],
};
/** Ids and their captions. */
const ENUMS: { readonly [attribute: string]: { readonly [id: number]: string } } = {
  'event.activity_id': { 0: 'Unknown', 1: 'Create', 2: 'Read', 3: 'Update', 4: 'Delete', 9: 'Disable', 99: 'Other' },
  'event.severity_id': {
    0: 'Unknown',
    1: 'Informational',
    2: 'Low',
    3: 'Medium',
    4: 'High',
    5: 'Critical',
    6: 'Fatal',
    99: 'Other',
  },
  'event.status_id': { 0: 'Unknown', 1: 'Success', 2: 'Failure', 99: 'Intended' },
  'event.class_uid': { 0: 'Base Event', 3004: 'Entity Management', 6003: 'API Activity' },
  'event.category_uid': { 0: 'Uncategorized', 3: 'Identity & Access Management', 6: 'Application Activity' },
  'event.type_uid': {
    0: 'Base Event: Unknown',
    300401: 'Entity Management: Create',
    300409: 'Entity Management: Disable',
    600301: 'API Activity: Create',
  },
  'managed_entity.type_id': { 0: 'Unknown', 2: 'User', 99: 'Certificate' },
  'user.type_id': { 0: 'Unknown', 1: 'User', 2: 'Admin', 3: 'System', 4: 'Service', 99: 'Other' },
  'resource_details.role_id': { 1: 'Target', 2: 'Actor', 3: 'Affected', 4: 'Related' },
  'fingerprint.algorithm_id': { 3: 'SHA-256' },
  'fingerprint.encoding_id': { 1: 'Hex' },
  'fingerprint.serialization_id': { 1: 'Flat', 2: 'JCS' },
};

/** What of an object the schema does not allow. */
function faultsOf(value: unknown, type: string, path: string): string[] {
  if (type.endsWith('[]')) {
    if (!Array.isArray(value)) return [`${path}: no list`];
    return value.flatMap((one, at) => faultsOf(one, type.slice(0, -2), `${path}[${at}]`));
  }
  if (type === 'json') return [];
  if (type === 'text') return typeof value === 'string' ? [] : [`${path}: no text`];
  if (type === 'int') return Number.isSafeInteger(value) ? [] : [`${path}: no integer`];
  if (type === 'ip') return /^\d+\.\d+\.\d+\.\d+$|^[0-9a-f:]+$/.test(String(value)) ? [] : [`${path}: no address`];
  const object = value as Event;
  const own = type === 'event' ? { 6003: SCHEMA['activity'], 3004: SCHEMA['management'] }[object['class_uid'] as number] : {};
  const attributes = { ...SCHEMA[type], ...own };
  const faults = Object.keys(object).flatMap((name) => (name in attributes ? [] : [`${path}.${name}: unknown`]));
  const group = AT_LEAST_ONE[type];
  if (group !== undefined && !group.some((name) => name in object)) faults.push(`${path}: none of ${group.join(', ')}`);
  for (const [name, written] of Object.entries(attributes)) {
    const here = `${path}.${name}`;
    if (!(name in object)) {
      if (written.endsWith('!')) faults.push(`${here}: missing`);
      continue;
    }
    faults.push(...faultsOf(object[name], written.replace('!', ''), here));
    const captions = ENUMS[`${type}.${name}`];
    const caption = object[name.replace(/_u?id$/, name.endsWith('_uid') ? '_name' : '')] ?? object[name.replace('_id', '_name')];
    if (captions !== undefined && captions[object[name] as number] !== caption)
      faults.push(`${here}: ${String(object[name])} is not ${String(caption)}`);
  }
  return faults;
}

describe.each(Object.entries(RECORDS))('%s, as an OCSF event', (_, record) => {
  test('has what the schema requires, and nothing that it does not know', async () => {
    const [event] = await eventsOf([record]);
    expect(faultsOf(event, 'event', 'event')).toEqual([]);
    expect(event).toMatchObject({ metadata: { version: '1.9.0', profiles: ['record_integrity'] } });
  });

  test('has the record’s digest and place, and a fingerprint that anyone can compute again', async () => {
    const [, event] = await eventsOf([numberedIntent(77), record]);
    const { attestation_list: attestations, ...rest } = event as Event & { attestation_list: Event[] };
    const [{ fingerprint, ...attestation }] = attestations as [{ fingerprint: { value: string } } & Event];
    const canonical = canonicalJson({ ...rest, attestation_list: [attestation] } as Json);
    expect(createHash('sha256').update(canonical).digest('hex')).toBe(fingerprint.value);
    const {
      metadata,
      raw_data: raw,
      raw_data_hash: hash,
    } = event as { metadata: Event; raw_data?: string; raw_data_hash: Event };
    expect(metadata).toMatchObject({ uid: `sha256:${String(hash['value'])}`, sequence: 1, log_name: ORIGIN });
    if (raw !== undefined) expect(sha256(raw)).toBe(metadata['uid']);
    expect(event?.['unmapped']).toMatchObject({ tree_size: 2, root_hash: '07'.repeat(32) });
  });
});

test('says of each what came of it', async () => {
  const events = await eventsOf([numberedIntent(1), numberedResult(1), numberedResult(2, true), recordAt(40), refused]);
  expect(events).toMatchObject([
    { class_uid: 6003, status: 'Intended', actor: { user: { type: 'Service' }, authorizations: [{ decision: 'allow' }] } },
    { class_uid: 6003, status: 'Success', resources: [{ type: 'evidence', uid: sha256('bundle 1') }, { type: 'signing key' }] },
    { class_uid: 6003, status: 'Failure', status_code: 'unreachable', severity: 'Low' },
    {
      class_uid: 6003,
      status: 'Failure',
      status_code: 'refused',
      severity: 'Medium',
      actor: { authorizations: [{ decision: 'deny' }] },
    },
    { class_uid: 6003, status: 'Failure', status_code: 'segment-refused', severity: 'High' },
  ]);
});

test('says of each person what they did, by whose key, and how much that wants looking at', async () => {
  const said = (['approve', 'reject', 'withdraw', 'waive', 'break-glass', 'review'] as const).map((one) =>
    testApproval(one, { said: one, about: one === 'review' ? [sha256('waiver')] : ['window'] }),
  );
  const events = await eventsOf(said);
  expect(events.map(({ severity, api }) => [(api as Event)['operation'], severity])).toEqual([
    ['approve', 'Informational'],
    ['reject', 'Medium'],
    ['withdraw', 'Low'],
    ['waive', 'Low'],
    ['break-glass', 'High'],
    ['review', 'Informational'],
  ]);
  expect(events[4]).toMatchObject({
    class_uid: 6003,
    status: 'Success',
    actor: { user: { uid: 'ann', type: 'User', credential_uid: expect.stringMatching(/^SHA256:/) } },
    resources: [
      { type: 'evidence', uid: sha256('evidence break-glass') },
      { type: 'requirement', uid: 'window' },
      { type: 'signing key', name: 'ann' },
    ],
    unmapped: { signed: '2026-11-22T12:00:01Z', signature: sha256('signature break-glass') },
  });
  expect(events[5]).toMatchObject({ resources: [{}, { type: 'evidence', uid: sha256('waiver') }, {}] });
});

test('says of certificates who has them or revoked them, and how much that wants looking at', async () => {
  const events = await eventsOf([
    certificate('issued', { serial: '0a', person: 'ann', subject: 'https://ci.example/job' }),
    certificate('refused', { reason: 'too old' }),
    certificate('revoke', { serial: '0a', person: 'bob', reason: 'keyCompromise', evidence: [sha256('order')] }),
  ]);
  expect(events).toMatchObject([
    {
      type_uid: 300401,
      status: 'Success',
      entity: { uid: '0a', name: 'https://ci.example/job' },
      actor: { user: { uid: 'ann' } },
    },
    { type_uid: 300401, status: 'Failure', status_detail: 'too old', severity: 'Medium' },
    { type_uid: 300409, severity: 'High', comment: 'keyCompromise', actor: { user: { uid: 'bob', type: 'User' } } },
  ]);
});

test('names no user whom no certificate vouches for', async () => {
  const [event] = await eventsOf([
    { ...numberedIntent(1), requester: { asserted: { requester: 'gitlab:1', san: 'https://evil.example' } } },
  ]);
  expect(event?.['actor']).not.toHaveProperty('user');
  expect(event?.['unmapped']).toMatchObject({ requester_asserted: { requester: 'gitlab:1' } });
});
