import { checkName, KINDS, type Kind } from './artifact.ts';
import { hexOf, isSha256, type Sha256 } from './formats/digest.ts';
import { hasControlCharacter } from './formats/glob.ts';
import { quoted } from './formats/quoted.ts';
import { fieldReader } from './formats/read-json.ts';
import type { Json, JsonObject } from './formats/strict-json.ts';
import { type Statement, writeStatement } from './statement.ts';

/** The predicate type of a release part: *the* signature of Signwright, one statement a signer over all artifacts of a run. */
export const RELEASE_PART = 'https://signwright.dev/release/v1';

/** What a part says of one artifact. */
export type PartArtifact = {
  readonly name: string;
  readonly kind: Kind;
  readonly digest: Sha256;
  /** Digest of what the policy demanded of it where it was signed. */
  readonly requirements: Sha256;
  readonly owner?: string;
  readonly reason?: string;
};

/** What a run says of itself, by plain words such as `repository`, `commit`, `ref`, `build`, `requester`. */
export type Claims = { readonly [name: string]: string };

/** The predicate of a release part: what, where from, why. */
export type ReleasePart = {
  readonly artifacts: readonly PartArtifact[];
  readonly environment: string;
  readonly signer: string;
  readonly policy: { readonly name?: string; readonly digest: Sha256 };
  readonly source: {
    /** Copied from the signer's certificate, and held against it when verified; absent where a key signed. */
    readonly certified?: Claims;
    /** What the run said of itself; nobody vouches for it. */
    readonly asserted: Claims;
  };
};

/** Writes the statement of a part, ready to be signed. Artifacts are its subjects, in the same order. */
export function writeReleasePart(part: ReleasePart): Buffer {
  const { artifacts, ...rest } = part;
  return writeStatement({
    predicateType: RELEASE_PART,
    subject: artifacts.map(({ name, digest }) => ({ name, sha256: hexOf(digest) })),
    predicate: { artifacts: artifacts.map(({ digest: _, ...said }) => said as JsonObject), ...(rest as JsonObject) },
  });
}

/**
 * Reads the predicate of a part and holds it against the statement's subjects.
 *
 * @throws SignwrightError `invalid-input` where they differ or a field is not what it must be.
 */
export function readReleasePart(statement: Statement): ReleasePart {
  const read = fieldReader('the release part');
  const fields = read.object(statement.predicate, 'predicate', ['artifacts', 'environment', 'signer', 'policy', 'source']);
  const said = read.list(fields['artifacts'], 'predicate.artifacts');
  if (said.length !== statement.subject.length) read.fail('predicate.artifacts', 'are not as many as the subjects');
  const digestAt = (value: Json | undefined, path: string): Sha256 => {
    const text = read.text(value, path);
    return isSha256(text) ? text : read.fail(path, 'is not a SHA-256 digest');
  };
  const plain = (value: Json | undefined, path: string): string => {
    const text = read.text(value, path);
    return hasControlCharacter(text) ? read.fail(path, 'has a line break or another control character') : text;
  };
  const names = new Set<string>();
  const artifacts = said.map((value, index): PartArtifact => {
    const path = `predicate.artifacts[${index}]`;
    const entry = read.object(value, path, ['name', 'kind', 'requirements', 'owner', 'reason']);
    const subject = statement.subject[index];
    const name = checkName(read.text(entry['name'], `${path}.name`));
    if (subject?.name !== name) read.fail(`${path}.name`, 'is not the name of the subject at its place');
    if (names.has(name.toLowerCase())) read.fail(`${path}.name`, 'is there twice, or differs from another only in case');
    names.add(name.toLowerCase());
    const kind = read.text(entry['kind'], `${path}.kind`) as Kind;
    if (!KINDS.includes(kind)) read.fail(`${path}.kind`, `is not one of ${KINDS.join(', ')}`);
    const digest = digestAt(`sha256:${subject?.sha256 ?? ''}`, `subject[${index}].digest.sha256`);
    return {
      name,
      kind,
      digest,
      requirements: digestAt(entry['requirements'], `${path}.requirements`),
      ...optionalText('owner', entry),
      ...optionalText('reason', entry),
    };
  });
  const claims = (value: Json | undefined, path: string): Claims =>
    Object.fromEntries(
      Object.entries(read.record(value, path)).map(([name, claim]) => [name, plain(claim, `${path}[${quoted(name)}]`)]),
    );
  const source = read.object(fields['source'], 'predicate.source', ['certified', 'asserted']);
  const policy = read.object(fields['policy'], 'predicate.policy', ['name', 'digest']);
  return {
    artifacts,
    environment: plain(fields['environment'], 'predicate.environment'),
    signer: plain(fields['signer'], 'predicate.signer'),
    policy: { ...optionalText('name', policy), digest: digestAt(policy['digest'], 'predicate.policy.digest') },
    source: {
      ...(source['certified'] === undefined ? {} : { certified: claims(source['certified'], 'predicate.source.certified') }),
      asserted: claims(source['asserted'], 'predicate.source.asserted'),
    },
  };

  function optionalText<K extends string>(key: K, from: JsonObject): { [k in K]?: string } {
    return from[key] === undefined ? {} : ({ [key]: plain(from[key], key) } as { [k in K]: string });
  }
}
