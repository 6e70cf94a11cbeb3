import { isIP } from 'node:net';
import {
  type ApprovalRecord,
  type CertificateRecord,
  canonicalJson,
  hexOf,
  type IntentRecord,
  type Json,
  type JsonObject,
  RECORD,
  type RefusalRecord,
  type ResultRecord,
  type SegmentRefusedRecord,
  sha256,
} from '@signwright/signing-core';
import { certificateActivity } from './ocsf-certificate.ts';
import { FAILURE, SEVERITY, type Severity, SUCCESS, typed } from './ocsf-words.ts';
import { type ExportedRecord, eventOf, jsonOf, textOf, timeOf } from './raw-record.ts';

/** The version of the schema this is written to. */
const OCSF_VERSION = '1.9.0';

/** Captions and ids of the schema's enumerations, as far as they are used. */
const API_ACTIVITY = { category_uid: 6, category_name: 'Application Activity', class_uid: 6003, class_name: 'API Activity' };
const BASE_EVENT = { category_uid: 0, category_name: 'Uncategorized', class_uid: 0, class_name: 'Base Event' };
const CREATE = { activity_id: 1, activity_name: 'Create' };
const UNKNOWN = { activity_id: 0, activity_name: 'Unknown' };
const SHA_256 = { algorithm_id: 3, algorithm: 'SHA-256', encoding_id: 1, encoding: 'Hex' };
const FLAT = { serialization_id: 1, serialization: 'Flat' };
const JCS = { serialization_id: 2, serialization: 'JCS' };
const TARGET = { role_id: 1, role: 'Target' };
const RELATED = { role_id: 4, role: 'Related' };

type Part = { readonly [name: string]: Json };

/**
 * An event of OCSF 1.9: API Activity (6003) for what is about signing, the Entity Management (3004) for certificates, the
 * Base Event for what this version does not know. The
 * record is in `raw_data` byte for byte where it is text, `raw_data_hash` is its digest and `metadata.uid` its id; where it stands is
 * in `metadata` (`log_name`, `sequence`), the tree's size and root, for which the schema has no place, in `unmapped`.
 *
 * The profile `record_integrity` attests the *event*: a fingerprint over its canonical serialization (RFC 8785), in the chain that
 * is the log. The order of events is proved by the log's tree rather than by a link to the event before, so that an export may
 * begin anywhere.
 */
export function toOcsfEvent(exported: ExportedRecord): object {
  const { entry, bytes } = exported;
  const raw = jsonOf(bytes);
  const event: JsonObject = {
    ...classOf(exported),
    time: timeOf(raw) ?? 0,
    metadata: metadataOf(exported, raw),
    ...(raw === undefined ? {} : { raw_data: Buffer.from(bytes).toString('utf8') }),
    raw_data_hash: { ...SHA_256, ...FLAT, value: hexOf(entry.id) },
    raw_data_size: bytes.length,
    unmapped: unmappedOf(exported),
  };
  return attested(event, exported);
}

/** Adds the attestation: its fingerprint is over everything but itself. */
function attested(event: JsonObject, { origin, entry }: ExportedRecord): JsonObject {
  const attestation = { uid: entry.id, authority_uid: origin, chain_uid: origin };
  const value = hexOf(sha256(canonicalJson({ ...event, attestation_list: [attestation] })));
  return { ...event, attestation_list: [{ ...attestation, fingerprint: { ...SHA_256, ...JCS, value } }] };
}

function classOf({ entry, origin }: ExportedRecord): Part {
  const { record } = entry;
  switch (record.event) {
    case 'intent':
      return apiActivity(
        record,
        { status_id: 99, status: 'Intended', severity: SEVERITY.informational, message: `${record.signer.id} is about to sign` },
        artifactsOf(record),
      );
    case 'result':
      return resultActivity(record);
    case 'refusal':
      return apiActivity(
        record,
        {
          ...FAILURE,
          status_code: record.outcome,
          status_detail: record.decision.reasons.join('; '),
          severity: record.outcome === 'refused' ? SEVERITY.medium : SEVERITY.low,
          message: `a request ${record.outcome === 'refused' ? 'was refused' : 'failed'}`,
        },
        artifactsOf(record),
      );
    case 'approval':
      return approvalActivity(record);
    case 'certificate':
      return certificateActivity(record, { actor: actorOf(record), src_endpoint: endpointOf(record) });
    case 'segment-refused':
      return segmentActivity(record, origin);
    case 'unknown':
      return { ...typed(BASE_EVENT, UNKNOWN), ...SEVERITY.unknown, message: 'a record that this version does not know' };
  }
}

function resultActivity(record: ResultRecord): Part {
  if (record.outcome === 'failed') {
    const { code, message } = record.error;
    return apiActivity(
      record,
      {
        ...FAILURE,
        status_code: code,
        status_detail: message,
        severity: SEVERITY.low,
        message: `${record.signer.id} failed to sign`,
      },
      [],
    );
  }
  const evidence = 'evidence' in record ? [{ uid: record.evidence, type: 'evidence', ...TARGET }] : [];
  return apiActivity(record, { ...SUCCESS, severity: SEVERITY.informational, message: `${record.signer.id} signed` }, evidence);
}

/** How much what a person said wants looking at: the glass was broken, something was stopped, something was let off. */
const SAID_SEVERITY: { readonly [said in ApprovalRecord['said']]: Severity } = {
  approve: SEVERITY.informational,
  review: SEVERITY.informational,
  withdraw: SEVERITY.low,
  waive: SEVERITY.low,
  reject: SEVERITY.medium,
  'break-glass': SEVERITY.high,
};

function approvalActivity(record: ApprovalRecord): Part {
  const { person, said, key, evidence, about = [] } = record;
  const status = { ...SUCCESS, severity: SAID_SEVERITY[said], message: `${person} said: ${said}` };
  return apiActivity(record, status, [
    ...artifactsOf(record),
    { uid: evidence, type: 'evidence', ...TARGET },
    ...about.map((uid) => ({ uid, type: said === 'review' ? 'evidence' : 'requirement', ...TARGET })),
    { uid: key, name: person, type: 'signing key', ...RELATED },
  ]);
}

/** Records that are about a request. */
type RequestRecord = IntentRecord | ResultRecord | RefusalRecord | ApprovalRecord | CertificateRecord;

type Status = {
  readonly status_id: number;
  readonly status: string;
  readonly status_code?: string;
  readonly status_detail?: string;
  readonly severity: Severity;
  readonly message: string;
};

function apiActivity(record: Exclude<RequestRecord, CertificateRecord>, status: Status, resources: readonly Part[]): Part {
  const { severity, ...said } = status;
  const key = 'signer' in record ? [{ uid: record.signer.key, name: record.signer.id, type: 'signing key', ...RELATED }] : [];
  const error =
    said.status_code === undefined ? {} : { response: { error: said.status_code, error_message: said.status_detail ?? '' } };
  return {
    ...typed(API_ACTIVITY, CREATE),
    ...severity,
    ...said,
    actor: actorOf(record),
    api: {
      operation: record.event === 'approval' ? record.said : 'sign',
      service: { name: 'signwright' },
      request: { uid: record.request },
      ...error,
    },
    src_endpoint: endpointOf(record),
    resources: [...resources, ...key],
  };
}

/** The sequencer did not take what somebody wrote. */
function segmentActivity({ segment, digest, reason }: SegmentRefusedRecord, origin: string): Part {
  return {
    ...typed(API_ACTIVITY, CREATE),
    ...SEVERITY.high,
    ...FAILURE,
    status_code: 'segment-refused',
    status_detail: reason,
    message: 'records that somebody wrote were not taken into the log',
    actor: { app_name: 'signwright' },
    api: {
      operation: 'sequence',
      service: { name: 'signwright' },
      request: { uid: digest },
      response: { error: 'segment-refused', error_message: reason },
    },
    src_endpoint: { name: origin },
    resources: [{ uid: digest, name: String(segment), type: 'log segment', ...TARGET }],
  };
}

/**
 * A user is who a certificate names, or the person whose signature the record is about; what a run says of itself is in `unmapped`.
 */
function actorOf(record: RequestRecord): Part {
  if (record.event === 'approval') {
    const { person, key } = record;
    return { app_name: 'signwright', user: { uid: person, name: person, type_id: 1, type: 'User', credential_uid: key } };
  }
  if (record.event === 'certificate' && record.person !== undefined) {
    const { person } = record;
    return { app_name: 'signwright', user: { uid: person, name: person, type_id: 1, type: 'User' } };
  }
  const certified = record.requester.certified ?? {};
  const claim = (name: string): string | undefined => (Object.hasOwn(certified, name) ? certified[name] : undefined);
  const [name, issuer] = [claim('san') ?? claim('subject'), claim('issuer')];
  const { name: policy, digest } = record.policy;
  const authorization = { policy: { uid: digest, ...(policy === undefined ? {} : { name: policy }) } };
  return {
    app_name: 'signwright',
    ...(name === undefined ? {} : { user: { uid: claim('subject') ?? name, name, type_id: 4, type: 'Service' } }),
    ...(issuer === undefined ? {} : { idp: { uid: issuer, name: issuer } }),
    ...('decision' in record ? { authorizations: [{ decision: record.decision.result, ...authorization }] } : {}),
  };
}

function endpointOf({ host, address }: RequestRecord): Part {
  const found = {
    ...(host === undefined || host === '' ? {} : { hostname: host }),
    ...(address === undefined || isIP(address) === 0 ? {} : { ip: address }),
  };
  return Object.keys(found).length === 0 ? { name: 'unknown' } : found;
}

function artifactsOf({ artifacts }: Exclude<RequestRecord, ResultRecord | CertificateRecord>): Part[] {
  return artifacts.map(({ name, digest, kind, tier, requirements }) => ({
    name,
    ...(digest === undefined ? {} : { uid: digest }),
    ...(kind === undefined ? {} : { type: kind }),
    ...(tier === undefined ? {} : { labels: tier.split(' + ') }),
    ...(requirements === undefined ? {} : { data: { requirements } }),
    ...TARGET,
  }));
}

function metadataOf({ origin, entry }: ExportedRecord, raw: JsonObject | undefined): Part {
  const [request, time, type] = [textOf(raw, 'request'), textOf(raw, 'time'), textOf(raw, 'type')];
  return {
    version: OCSF_VERSION,
    product: { name: 'Signwright', vendor_name: 'Signwright' },
    profiles: ['record_integrity'],
    uid: entry.id,
    sequence: entry.index,
    log_name: origin,
    event_code: eventOf(raw),
    ...(raw === undefined ? {} : { log_format: 'JSON' }),
    ...(type === RECORD ? { log_version: RECORD } : {}),
    ...(request === undefined ? {} : { correlation_uid: request }),
    ...(time === undefined ? {} : { original_time: time }),
  };
}

function unmappedOf({ entry, tree }: ExportedRecord): Part {
  const { record } = entry;
  return {
    log_index: entry.index,
    ...(tree === undefined ? {} : { tree_size: tree.size, root_hash: tree.root }),
    ...('requester' in record ? { environment: record.environment, requester_asserted: record.requester.asserted } : {}),
    ...('job' in record && record.job !== undefined ? { job: record.job } : {}),
    ...('attempt' in record ? { attempt: record.attempt } : {}),
    ...(record.event === 'approval' ? { signed: record.signed, signature: record.signature } : {}),
  };
}
