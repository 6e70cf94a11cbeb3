import type { Sha256 } from '../formats/digest.ts';
import { type FieldReader, fieldReader } from '../formats/read-json.ts';
import type { JsonObject } from '../formats/strict-json.ts';
import { type Statement, writeStatement } from '../statement.ts';
import { type NamedArtifact, readDigest, readNamed, writeNamed } from './named-artifacts.ts';
import { readPlain, readPolicyRef, readTime } from './plain-fields.ts';

/** The predicate type of an approval, and the namespace its SSH signature is made for. */
export const APPROVAL = 'https://signwright.dev/approval/v1';

export const DECISIONS = ['approve', 'reject', 'withdraw'] as const;

/** What a person said of artifacts: that they may go there, that they may not, or that what the person said before is void. */
export type Decision = (typeof DECISIONS)[number];

/** A person's word on artifacts, in one environment, under the requirements that applied when it was given. */
export type Approval = {
  readonly decision: Decision;
  /** The policy's name for the person. Whether it is theirs, the signature tells. */
  readonly person: string;
  /** When the person said it, by their own clock, ISO 8601: an old signature that is timestamped anew counts for nothing. */
  readonly given: string;
  readonly environment: string;
  /** The request it answers. */
  readonly request: Sha256;
  readonly artifacts: readonly NamedArtifact[];
  /** An approval counts until then, ISO 8601; absent where the policy lets it count for ever. */
  readonly expires?: string;
  readonly reason?: string;
  readonly policy: { readonly name?: string; readonly digest: Sha256 };
};

/** Writes the statement of an approval, ready to be signed. */
export function writeApproval({ artifacts, ...approval }: Approval): Buffer {
  const named = writeNamed(artifacts);
  return writeStatement({
    predicateType: APPROVAL,
    subject: named.subject,
    predicate: { ...(approval as JsonObject), artifacts: named.artifacts },
  });
}

const FIELDS = ['decision', 'person', 'given', 'environment', 'request', 'artifacts', 'expires', 'reason', 'policy'];

/** @throws SignwrightError `invalid-input` where a field is not what it must be. */
export function readApproval(statement: Statement): Approval {
  const read = fieldReader('the approval');
  const fields = read.object(statement.predicate, 'predicate', FIELDS);
  const decision = readDecision(read, fields);
  if (decision !== 'approve' && fields['expires'] !== undefined) read.fail('predicate.expires', `goes with no ${decision}`);
  if (fields['expires'] !== undefined) read.instant(fields['expires'], 'predicate.expires');
  return {
    decision,
    person: readPlain(read, fields['person'], 'predicate.person'),
    given: readTime(read, fields['given'], 'predicate.given'),
    environment: readPlain(read, fields['environment'], 'predicate.environment'),
    request: readDigest(read, fields['request'], 'predicate.request'),
    artifacts: readNamed(read, fields['artifacts'], statement),
    ...(fields['expires'] === undefined ? {} : { expires: read.text(fields['expires'], 'predicate.expires') }),
    ...(fields['reason'] === undefined ? {} : { reason: readPlain(read, fields['reason'], 'predicate.reason') }),
    policy: readPolicyRef(read, fields['policy']),
  };
}

function readDecision(read: FieldReader, fields: JsonObject): Decision {
  const text = read.text(fields['decision'], 'predicate.decision');
  return DECISIONS.find((one) => one === text) ?? read.fail('predicate.decision', `is not one of ${DECISIONS.join(', ')}`);
}
