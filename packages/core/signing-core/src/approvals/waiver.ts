import { hexOf, isSha256, type Sha256 } from '../formats/digest.ts';
import { fieldReader } from '../formats/read-json.ts';
import type { JsonObject } from '../formats/strict-json.ts';
import { type Statement, writeStatement } from '../statement.ts';
import { type NamedArtifact, readDigest, readNamed, writeNamed } from './named-artifacts.ts';
import { readPlain, readPolicyRef, readTime } from './plain-fields.ts';

/** The predicate type of a waiver, and the namespace its SSH signature is made for. */
export const WAIVER = 'https://signwright.dev/waiver/v1';

/**
 * A person's word that one requirement need not be met, or, in an emergency, none of those that can be waived: of exact bytes, or of
 * whatever one rule of the policy matches; in one environment, and for a while.
 */
export type Waiver = {
  readonly person: string;
  /** When the person said it, by their own clock, ISO 8601: an old signature that is timestamped anew counts for nothing. */
  readonly given: string;
  readonly environment: string;
  /** The id of the requirement; absent where the glass is broken, which waives all that can be. */
  readonly requirement?: string;
  readonly breakGlass?: true;
  readonly reason: string;
  /** It counts until then, ISO 8601. */
  readonly expires: string;
  readonly policy: { readonly name?: string; readonly digest: Sha256 };
} & (
  | { readonly artifacts: readonly NamedArtifact[] }
  /** The rule's digest, and what it demanded. */
  | { readonly rule: Sha256; readonly requirements: Sha256 }
);

/** What a waiver of a rule has for a subject. */
const RULE = 'rule';

/** Writes the statement of a waiver, ready to be signed. */
export function writeWaiver(waiver: Waiver): Buffer {
  if ('rule' in waiver) {
    const { rule, ...said } = waiver;
    const subject = [{ name: RULE, sha256: hexOf(rule) }];
    return writeStatement({ predicateType: WAIVER, subject, predicate: said });
  }
  const { artifacts, ...said } = waiver;
  const named = writeNamed(artifacts);
  const predicate = { ...(said as JsonObject), artifacts: named.artifacts };
  return writeStatement({ predicateType: WAIVER, subject: named.subject, predicate });
}

const FIELDS = [
  'person',
  'given',
  'environment',
  'requirement',
  'breakGlass',
  'reason',
  'expires',
  'policy',
  'artifacts',
  'requirements',
];

/** @throws SignwrightError `invalid-input` where a field is not what it must be. */
export function readWaiver(statement: Statement): Waiver {
  const read = fieldReader('the waiver');
  const fields = read.object(statement.predicate, 'predicate', FIELDS);
  const glass = fields['breakGlass'];
  if (glass !== undefined && glass !== true) read.fail('predicate.breakGlass', 'is not true');
  if ((glass === undefined) === (fields['requirement'] === undefined))
    read.fail('predicate', 'names one requirement, or breaks the glass');
  if ((fields['artifacts'] === undefined) === (fields['requirements'] === undefined))
    read.fail('predicate', 'is about artifacts, or about a rule');
  read.instant(fields['expires'], 'predicate.expires');
  const said = {
    person: readPlain(read, fields['person'], 'predicate.person'),
    given: readTime(read, fields['given'], 'predicate.given'),
    environment: readPlain(read, fields['environment'], 'predicate.environment'),
    ...(glass === true
      ? { breakGlass: true as const }
      : { requirement: readPlain(read, fields['requirement'], 'predicate.requirement') }),
    reason: readPlain(read, fields['reason'], 'predicate.reason'),
    expires: read.text(fields['expires'], 'predicate.expires'),
    policy: readPolicyRef(read, fields['policy']),
  };
  if (fields['artifacts'] !== undefined) return { ...said, artifacts: readNamed(read, fields['artifacts'], statement) };
  const [subject, ...others] = statement.subject;
  const rule = `sha256:${subject?.sha256 ?? ''}`;
  if (subject?.name !== RULE || others.length > 0 || !isSha256(rule)) return read.fail('subject', 'is not one rule');
  return { ...said, rule, requirements: readDigest(read, fields['requirements'], 'predicate.requirements') };
}
