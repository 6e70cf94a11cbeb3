import { hexOf, isSha256, type Sha256 } from '../formats/digest.ts';
import { type FieldReader, fieldReader } from '../formats/read-json.ts';
import type { Json, JsonObject } from '../formats/strict-json.ts';
import { type Statement, writeStatement } from '../statement.ts';

/** The predicate type of a verdict that a verifier signs (https://slsa.dev/spec/v1.1/verification_summary). */
export const VERIFICATION_SUMMARY = 'https://slsa.dev/verification_summary/v1';

/** The specification has levels of builds; a build job's own word is level 1, and more is never reported. */
export type SummaryLevel = 'SLSA_BUILD_LEVEL_0' | 'SLSA_BUILD_LEVEL_1' | 'FAILED';

/** A verdict as others read it: about one artifact, in one environment. */
export type VerificationSummary = {
  /** The verifier's id, as the policy has it. */
  readonly verifier: string;
  /** ISO 8601. */
  readonly timeVerified: string;
  /** What was judged, by name or repository: `registry.acme.example/pay@sha256:…`. */
  readonly resource: string;
  readonly policy: { readonly name?: string; readonly digest: Sha256 };
  /** All the evidence it rests on. */
  readonly inputs: readonly Sha256[];
  readonly result: 'PASSED' | 'FAILED';
  readonly levels: readonly SummaryLevel[];
  readonly environment: string;
  readonly tiers: readonly string[];
  /** The digest of what was demanded. */
  readonly requirements: Sha256;
  /** When the first of what it rests on stops counting, ISO 8601. */
  readonly expires?: string;
  /** What was waived, and by which evidence. */
  readonly waivers: readonly { readonly requirement: string; readonly evidence: readonly Sha256[] }[];
  /** Whom the separation of duties kept from approving; none where it was not asked for. */
  readonly apart: readonly ('author' | 'requester')[];
  /** From what it was made, where the certificates of its signatures agree on it. */
  readonly source?: { readonly repository?: string; readonly repositoryId?: string; readonly commit: string };
  /** The newest checkpoint of the log that proves its records. */
  readonly log?: { readonly origin: string; readonly size: number; readonly root?: string };
  /** Whether it rests on a trial root. */
  readonly development: boolean;
};

const OURS = 'https://signwright.dev/';
/** What the policy's URI is, for the specification wants one: the policy's name follows. */
const POLICY = `${OURS}policy/v1`;
const SLSA_VERSION = '1.1';

/** Writes the statement of a verdict, ready to be signed. @param name what the policy calls the artifact. */
export function writeVerificationSummary(name: string, digest: Sha256, summary: VerificationSummary): Buffer {
  const { policy, log, source, expires } = summary;
  const predicate: JsonObject = {
    verifier: { id: summary.verifier },
    timeVerified: summary.timeVerified,
    resourceUri: summary.resource,
    policy: {
      uri: policy.name === undefined ? POLICY : `${POLICY}#${encodeURIComponent(policy.name)}`,
      digest: { sha256: hexOf(policy.digest) },
    },
    inputAttestations: summary.inputs.map((input) => ({ digest: { sha256: hexOf(input) } })),
    verificationResult: summary.result,
    verifiedLevels: summary.levels,
    slsaVersion: SLSA_VERSION,
    [`${OURS}environment`]: summary.environment,
    [`${OURS}tiers`]: summary.tiers,
    [`${OURS}requirements`]: summary.requirements,
    ...(expires === undefined ? {} : { [`${OURS}expires`]: expires }),
    [`${OURS}waivers`]: summary.waivers,
    [`${OURS}separation-of-duties`]: summary.apart,
    ...(source === undefined ? {} : { [`${OURS}source`]: source }),
    ...(log === undefined ? {} : { [`${OURS}log`]: log }),
    [`${OURS}development`]: summary.development,
  };
  return writeStatement({ predicateType: VERIFICATION_SUMMARY, subject: [{ name, sha256: hexOf(digest) }], predicate });
}

/**
 * Reads what {@link writeVerificationSummary} makes; fields that are not known are left alone, as the specification wants it.
 *
 * @throws SignwrightError `invalid-input` where it is of another type, or a field is not what it must be.
 */
export function readVerificationSummary({ predicateType, predicate }: Statement): VerificationSummary {
  const read = fieldReader('the verification summary');
  if (predicateType !== VERIFICATION_SUMMARY) read.fail('predicateType', `is not ${VERIFICATION_SUMMARY}`);
  const fields = read.record(predicate, 'predicate');
  const text = (key: string): string => read.text(fields[key], key);
  const policy = read.record(fields['policy'], 'policy');
  const uri = read.text(policy['uri'], 'policy.uri');
  if (uri !== POLICY && !uri.startsWith(`${POLICY}#`)) read.fail('policy.uri', `is not ${POLICY}`);
  const result = text('verificationResult');
  if (result !== 'PASSED' && result !== 'FAILED') return read.fail('verificationResult', 'is neither PASSED nor FAILED');
  const time = text('timeVerified');
  read.instant(time, 'timeVerified');
  return {
    verifier: read.text(read.record(fields['verifier'], 'verifier')['id'], 'verifier.id'),
    timeVerified: time,
    resource: text('resourceUri'),
    policy: {
      ...(uri === POLICY ? {} : { name: nameIn(read, uri.slice(POLICY.length + 1)) }),
      digest: hexAt(read, policy['digest'], 'policy.digest'),
    },
    inputs: read
      .list(fields['inputAttestations'], 'inputAttestations')
      .map((one, at) => hexAt(read, read.record(one, `inputAttestations[${at}]`)['digest'], `inputAttestations[${at}].digest`)),
    result,
    levels: read.list(fields['verifiedLevels'], 'verifiedLevels').map((one, at) => levelAt(read, one, `verifiedLevels[${at}]`)),
    environment: text(`${OURS}environment`),
    tiers: textsAt(read, fields, `${OURS}tiers`),
    requirements: digestAt(read, fields[`${OURS}requirements`], `${OURS}requirements`),
    ...expiresIn(read, fields),
    waivers: read.list(fields[`${OURS}waivers`], `${OURS}waivers`).map((one, at) => {
      const path = `${OURS}waivers[${at}]`;
      const entry = read.object(one, path, ['requirement', 'evidence']);
      return {
        requirement: read.text(entry['requirement'], `${path}.requirement`),
        evidence: read.list(entry['evidence'], `${path}.evidence`).map((id) => digestAt(read, id, `${path}.evidence`)),
      };
    }),
    apart: textsAt(read, fields, `${OURS}separation-of-duties`).map((one) =>
      one === 'author' || one === 'requester' ? one : read.fail(`${OURS}separation-of-duties`, 'is of nobody known'),
    ),
    ...sourceIn(read, fields[`${OURS}source`]),
    ...logIn(read, fields[`${OURS}log`]),
    development: fields[`${OURS}development`] !== false,
  };
}

function expiresIn(read: FieldReader, fields: JsonObject): { readonly expires?: string } {
  const expires = fields[`${OURS}expires`];
  if (expires === undefined) return {};
  read.instant(expires, `${OURS}expires`);
  return { expires: expires as string };
}

function sourceIn(read: FieldReader, value: Json | undefined): Pick<VerificationSummary, 'source'> {
  if (value === undefined) return {};
  const entry = read.object(value, `${OURS}source`, ['repository', 'repositoryId', 'commit']);
  const optional = (key: 'repository' | 'repositoryId') =>
    entry[key] === undefined ? {} : { [key]: read.text(entry[key], `${OURS}source.${key}`) };
  return {
    source: {
      ...optional('repository'),
      ...optional('repositoryId'),
      commit: read.text(entry['commit'], `${OURS}source.commit`),
    },
  };
}

function logIn(read: FieldReader, value: Json | undefined): Pick<VerificationSummary, 'log'> {
  if (value === undefined) return {};
  const entry = read.object(value, `${OURS}log`, ['origin', 'size', 'root']);
  const size = entry['size'];
  if (typeof size !== 'number' || !Number.isSafeInteger(size) || size < 0) return read.fail(`${OURS}log.size`, 'is no count');
  const root = entry['root'] === undefined ? {} : { root: read.text(entry['root'], `${OURS}log.root`) };
  return { log: { origin: read.text(entry['origin'], `${OURS}log.origin`), size, ...root } };
}

function textsAt(read: FieldReader, fields: JsonObject, key: string): string[] {
  return read.list(fields[key], key).map((one, at) => read.text(one, `${key}[${at}]`));
}

function levelAt(read: FieldReader, value: Json, path: string): SummaryLevel {
  const text = read.text(value, path);
  return LEVELS.find((level) => level === text) ?? read.fail(path, `is not one of ${LEVELS.join(', ')}`);
}

const LEVELS: readonly SummaryLevel[] = ['SLSA_BUILD_LEVEL_0', 'SLSA_BUILD_LEVEL_1', 'FAILED'];

function nameIn(read: FieldReader, encoded: string): string {
  try {
    return decodeURIComponent(encoded);
  } catch {
    return read.fail('policy.uri', 'names no policy');
  }
}

function hexAt(read: FieldReader, value: Json | undefined, path: string): Sha256 {
  return digestAt(read, `sha256:${read.text(read.record(value, path)['sha256'], `${path}.sha256`)}`, path);
}

function digestAt(read: FieldReader, value: Json | undefined, path: string): Sha256 {
  const text = read.text(value, path);
  return isSha256(text) ? text : read.fail(path, 'is not a SHA-256 digest');
}
