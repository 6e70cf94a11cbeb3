import type { ApprovalRecord, CertificateRecord, JsonObject } from '@signwright/signing-core';
import type { JoinedEntry } from './join-results.ts';
import type { LogEntry } from './log-entry.ts';
import { baseOf, signerOf } from './query.ts';

/** Rows for tables: texts as they were recorded, so whoever prints them makes them harmless. */
export type Rows = { readonly columns: readonly string[]; readonly rows: readonly (readonly string[])[] };

/** Names in a cell before the rest is counted. */
const SHOWN = 3;

/** Characters of a reason before it is cut. */
const REASON = 60;

const BRIEF = [
  'index',
  'time',
  'outcome',
  'what',
  'environment',
  'artifacts',
  'requester',
  'signer',
  'request',
  'reason',
] as const;
const FULL = [
  'index',
  'time',
  'event',
  'outcome',
  'request',
  'attempt',
  'environment',
  'tiers',
  'artifacts',
  'digests',
  'requester',
  'certified',
  'signer',
  'key',
  'certificate',
  'policy',
  'job',
  'host',
  'address',
  'signed',
  'signature',
  'evidence',
  'reasons',
  'result',
  'record',
] as const;
type Column = (typeof FULL)[number];

/**
 * Few columns, for a terminal: artifacts are named up to three, digests and reasons shortened. Says which of a request's signatures a
 * row is about, and which requesters no certificate vouches for.
 */
export function briefRows(entries: readonly JoinedEntry[]): Rows {
  return {
    columns: BRIEF,
    rows: entries.map((entry) => {
      const cells = cellsOf(entry);
      const { artifacts } = listsOf(entry);
      const more = artifacts.length > SHOWN ? ` and ${artifacts.length - SHOWN} more` : '';
      const brief = {
        ...cells,
        outcome: outcomeOf(entry),
        artifacts: artifacts.slice(0, SHOWN).join(' ') + more,
        what: whatOf(entry),
        requester: cells.requester + (cells.requester === '' || isVouchedFor(entry) ? '' : ' (says so itself)'),
        reason: cut(reasonsOf(entry).join('; ')),
        request: cells.request.slice('sha256:'.length, 'sha256:'.length + 12),
      };
      return BRIEF.map((column) => brief[column]);
    }),
  };
}

/** Every column, for CSV: lists have a space between their items. */
export function fullRows(entries: readonly JoinedEntry[]): Rows {
  return {
    columns: FULL,
    rows: entries.map((entry) => {
      const cells = cellsOf(entry);
      return FULL.map((column) => cells[column]);
    }),
  };
}

/** An entry as JSON: the records whole, as they are in the log, each with its index and id. */
export function entryJson(entry: JoinedEntry): JsonObject {
  return {
    ...recordJson(entry),
    ...(entry.outcome === undefined ? {} : { outcome: entry.outcome }),
    ...(entry.result === undefined ? {} : { result: recordJson(entry.result) }),
  };
}

export function recordJson({ index, id, record }: LogEntry): JsonObject {
  return { index, id, record };
}

function cellsOf(entry: JoinedEntry): { readonly [column in Column]: string } {
  const { record, result, index, id, outcome } = entry;
  const base = baseOf(entry);
  const signer = signerOf(entry);
  const certificate = 'signer' in record ? record.signer.certificate : record.event === 'certificate' ? record : undefined;
  const last = result?.record ?? (record.event === 'result' || record.event === 'approval' ? record : undefined);
  const signed = last !== undefined && 'signature' in last ? last : undefined;
  const lists = listsOf(entry);
  return {
    index: String(index),
    time: 'time' in record ? record.time : '',
    event: record.event,
    outcome: outcome ?? '',
    request: base?.request ?? '',
    attempt: 'attempt' in record ? String(record.attempt) : '',
    environment: base?.environment ?? '',
    tiers: lists.tiers.join(' '),
    artifacts: lists.artifacts.join(' '),
    digests: lists.digests.join(' '),
    requester: requesterOf(entry),
    certified: base === undefined ? '' : base.requester.certified === undefined ? 'no' : 'yes',
    signer: signer?.id ?? '',
    key: signer?.key ?? '',
    certificate: certificate?.serial ?? '',
    policy: base?.policy.digest ?? '',
    job: base?.job ?? '',
    host: base?.host ?? '',
    address: base?.address ?? '',
    signed: signed?.signed ?? '',
    signature: signed?.signature ?? '',
    evidence: signed?.evidence ?? (record.event === 'certificate' ? (record.evidence ?? []).join(' ') : ''),
    reasons: reasonsOf(entry).join('; '),
    result: result === undefined ? '' : String(result.index),
    record: id,
  };
}

/** What people did, as a list says it. */
const DONE: { readonly [said in ApprovalRecord['said']]: string } = {
  approve: 'approved',
  reject: 'rejected',
  withdraw: 'withdrawn',
  waive: 'waived',
  'break-glass': 'glass broken',
  review: 'reviewed',
};

/** What became of certificates, as a list says it. */
const BECAME: { readonly [said in CertificateRecord['said']]: string } = {
  issue: 'to be issued',
  issued: 'issued',
  failed: 'failed',
  refused: 'refused',
  revoke: 'revoked',
};

function outcomeOf({ record, outcome }: JoinedEntry): string {
  if (record.event === 'certificate') return BECAME[record.said];
  return record.event === 'approval' ? DONE[record.said] : (outcome ?? record.event);
}

/**
 * What was to be signed: the statement that names all artifacts, or each one's own bytes for a bundle beside it; or that it is what a
 * person said.
 */
function whatOf({ record }: JoinedEntry): string {
  if (record.event === 'approval' || record.event === 'certificate') return record.event;
  if (record.event !== 'intent') return '';
  return record.bytes === undefined ? 'each file' : 'release part';
}

function cut(reason: string): string {
  const characters = [...reason];
  return characters.length > REASON ? `${characters.slice(0, REASON - 1).join('')}…` : reason;
}

/** Who asked: what a certificate says before what the run says of itself. */
function requesterOf(entry: JoinedEntry): string {
  const { asserted } = baseOf(entry)?.requester ?? {};
  return certifiedName(entry) ?? claim(asserted, 'requester') ?? claim(asserted, 'build') ?? '';
}

function isVouchedFor(entry: JoinedEntry): boolean {
  return certifiedName(entry) !== undefined;
}

function certifiedName(entry: JoinedEntry): string | undefined {
  const { certified } = baseOf(entry)?.requester ?? {};
  return claim(certified, 'san') ?? claim(certified, 'subject');
}

function claim(claims: { readonly [name: string]: string } | undefined, name: string): string | undefined {
  return claims !== undefined && Object.hasOwn(claims, name) ? claims[name] : undefined;
}

/** What a run prints above its reasons is none itself. */
const HEADING = /^the policy refuses \d+ of these\b[^\n]*:$/;

/** Why: of a refusal, a failure, a segment that was not taken, or a record that cannot be read; of a person's word what it is about. */
function reasonsOf(entry: JoinedEntry): readonly string[] {
  const { record, result } = entry;
  for (const one of [result?.record, record]) {
    if (one !== undefined && 'error' in one) return [`${one.error.code}: ${one.error.message}`];
  }
  if (record.event === 'approval') return [record.said + (record.about === undefined ? '' : `: ${record.about.join(', ')}`)];
  if (record.event === 'result') return ['it answers no intent that waits for it'];
  if (record.event === 'intent' && record.unreached)
    return record.unreached.map(({ reference, reason }) => `${reference} was not reached: ${reason}`);
  if ('decision' in record)
    return record.decision.reasons.filter((reason) => !HEADING.test(reason)).map((reason) => reason.trim());
  if (record.event === 'certificate') return [`${record.said}: ${record.reason ?? record.subject ?? record.profile ?? ''}`];
  if ('reason' in record) return [record.reason];
  return 'why' in record ? [record.why] : [];
}

function listsOf({ record }: JoinedEntry): { tiers: string[]; artifacts: string[]; digests: string[] } {
  const artifacts = 'artifacts' in record ? record.artifacts : [];
  return {
    tiers: [...new Set(artifacts.map(({ tier }) => tier ?? ''))].filter((tier) => tier !== ''),
    artifacts: artifacts.map(({ name }) => name),
    digests: artifacts.map(({ digest }) => digest ?? ''),
  };
}
