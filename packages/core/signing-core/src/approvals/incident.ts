import { canonicalDigest, hexOf, isSha256, type Sha256 } from '../formats/digest.ts';
import { type FieldReader, fieldReader } from '../formats/read-json.ts';
import type { Json, JsonObject } from '../formats/strict-json.ts';
import { type Statement, writeStatement } from '../statement.ts';
import { readDigest } from './named-artifacts.ts';
import { readPlain, readPolicyRef, readTime } from './plain-fields.ts';

/** The predicate type of the record of an incident, and the namespace its SSH signature is made for. */
export const INCIDENT = 'https://signwright.dev/incident/v1';

/** What may be compromised. */
export const COMPROMISED = ['key', 'certificate', 'workload', 'time'] as const;

/** What was compromised, and when: all that tells one incident from another. Times are ISO 8601. */
export type Compromise = {
  readonly what: (typeof COMPROMISED)[number];
  /** The key or certificate as records name it, or the workload as the policy does; of a time alone there is none. */
  readonly id?: string;
  /** From when on; absent where all of it is in doubt. */
  readonly since?: string;
  readonly until?: string;
};

/** A certificate that counts as revoked. */
export type IncidentCertificate = { readonly serial: string; readonly authority?: string; readonly digest?: Sha256 };

/** A file that says from when on something does not count. */
export type IncidentEdit = {
  /** The file, and what in it: `signers.build.keys[0]`. */
  readonly file: string;
  readonly at: string;
  /** SHA-256 of its bytes before and after. `after` alone: it was so before; neither: it is to be written where the file is kept. */
  readonly before?: Sha256;
  readonly after?: Sha256;
};

/** The word of a person of the `incident` role about what was compromised, and what was done. */
export type Incident = Compromise & {
  readonly person: string;
  /** When the person said it, by their own clock, ISO 8601. */
  readonly given: string;
  readonly why: string;
  readonly affected: {
    readonly artifacts: number;
    readonly signatures: number;
    /** The evidence that lists them all. */
    readonly list: Sha256;
  };
  readonly revoked: readonly IncidentCertificate[];
  readonly edits: readonly IncidentEdit[];
  readonly policy: { readonly name?: string; readonly digest: Sha256 };
};

/** Artifacts that a record of an incident names itself; the list has all. */
export const MAX_NAMED = 1000;

/** Certificates and edits in a record, at the most. */
const MAX_LISTED = 100_000;

/** What an incident is found by. */
export function incidentId({ what, id, since, until }: Compromise): Sha256 {
  return canonicalDigest({ type: INCIDENT, what, id: id ?? null, since: since ?? null, until: until ?? null });
}

/**
 * Writes the statement of an incident, ready to be signed. Its first subject is the incident, the others are artifacts.
 *
 * @param artifacts the first of those affected, {@link MAX_NAMED} at the most.
 */
export function writeIncident(
  incident: Incident,
  artifacts: readonly { readonly name: string; readonly digest: Sha256 }[],
): Buffer {
  const subject = [{ name: 'incident', digest: incidentId(incident) }, ...artifacts.slice(0, MAX_NAMED)].map(
    ({ name, digest }) => ({ name, sha256: hexOf(digest) }),
  );
  return writeStatement({ predicateType: INCIDENT, subject, predicate: incident });
}

const FIELDS = ['person', 'given', 'what', 'id', 'since', 'until', 'why', 'affected', 'revoked', 'edits', 'policy'];

/** @throws SignwrightError `invalid-input` where a field is not what it must be. */
export function readIncident({ predicate, subject }: Statement): Incident {
  const read = fieldReader('the incident');
  const fields = read.object(predicate, 'predicate', FIELDS);
  const affected = read.object(fields['affected'], 'predicate.affected', ['artifacts', 'signatures', 'list']);
  const incident: Incident = {
    ...readCompromise(read, fields, 'predicate.'),
    person: readPlain(read, fields['person'], 'predicate.person'),
    given: readTime(read, fields['given'], 'predicate.given'),
    why: readPlain(read, fields['why'], 'predicate.why'),
    affected: {
      artifacts: readCount(read, affected['artifacts'], 'predicate.affected.artifacts'),
      signatures: readCount(read, affected['signatures'], 'predicate.affected.signatures'),
      list: readDigest(read, affected['list'], 'predicate.affected.list'),
    },
    revoked: listOf(read, fields['revoked'], 'predicate.revoked', readRevoked),
    edits: listOf(read, fields['edits'], 'predicate.edits', readEdit),
    policy: readPolicyRef(read, fields['policy']),
  };
  const [first] = subject;
  if (`sha256:${first?.sha256 ?? ''}` !== incidentId(incident)) read.fail('subject', 'does not begin with the incident');
  return incident;
}

/** Reads what was compromised, out of a statement or a record. */
export function readCompromise(read: FieldReader, fields: JsonObject, path: string): Compromise {
  const what = COMPROMISED.find((one) => one === fields['what']);
  const id = fields['id'] === undefined ? undefined : readPlain(read, fields['id'], `${path}id`);
  if ((id === undefined) !== (what === 'time')) read.fail(`${path}id`, 'goes with what has one, and only that');
  return {
    what: what ?? read.fail(`${path}what`, `is not one of ${COMPROMISED.join(', ')}`),
    ...(id === undefined ? {} : { id }),
    ...(fields['since'] === undefined ? {} : { since: readTime(read, fields['since'], `${path}since`) }),
    ...(fields['until'] === undefined ? {} : { until: readTime(read, fields['until'], `${path}until`) }),
  };
}

function readCount(read: FieldReader, value: Json | undefined, path: string): number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : read.fail(path, 'is not a count');
}

function listOf<T>(
  read: FieldReader,
  value: Json | undefined,
  path: string,
  each: (read: FieldReader, value: Json, path: string) => T,
): T[] {
  const list = read.list(value, path);
  if (list.length > MAX_LISTED) read.fail(path, `has more than ${MAX_LISTED} entries`);
  return list.map((one, at) => each(read, one, `${path}[${at}]`));
}

function readRevoked(read: FieldReader, value: Json, path: string): IncidentCertificate {
  const fields = read.object(value, path, ['serial', 'authority', 'digest']);
  return {
    serial: readPlain(read, fields['serial'], `${path}.serial`),
    ...(fields['authority'] === undefined ? {} : { authority: readPlain(read, fields['authority'], `${path}.authority`) }),
    ...(fields['digest'] === undefined ? {} : { digest: readDigest(read, fields['digest'], `${path}.digest`) }),
  };
}

function readEdit(read: FieldReader, value: Json, path: string): IncidentEdit {
  const fields = read.object(value, path, ['file', 'at', 'before', 'after']);
  const digest = (key: 'before' | 'after'): { readonly [key in 'before' | 'after']?: Sha256 } => {
    const text = fields[key];
    if (text === undefined) return {};
    return typeof text === 'string' && isSha256(text) ? { [key]: text } : read.fail(`${path}.${key}`, 'is not a SHA-256 digest');
  };
  return {
    file: readPlain(read, fields['file'], `${path}.file`),
    at: readPlain(read, fields['at'], `${path}.at`),
    ...digest('before'),
    ...digest('after'),
  };
}
