import { checkName, KINDS, type Kind } from './artifact.ts';
import { hexOf, isSha256, type Sha256 } from './formats/digest.ts';
import { hasControlCharacter } from './formats/glob.ts';
import { quoted } from './formats/quoted.ts';
import { type FieldReader, fieldReader } from './formats/read-json.ts';
import type { Json, JsonObject } from './formats/strict-json.ts';
import { type ReleaseName, readReleaseName } from './releases/release-name.ts';
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

/** What parts and the manifest over them have in common: what, where from, why. */
export type ReleaseContents = {
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

/** The release a part contributes to, and the earlier parts of the same job whose artifacts of the same names it replaces. */
export type Contribution = ReleaseName & { readonly replaces?: readonly Sha256[] };

/** The predicate of a release part. */
export type ReleasePart = ReleaseContents & {
  /** Absent where the run named none: then the part is whole by itself. */
  readonly release?: Contribution;
};

/** Parts that one part may replace, and that one manifest may be over. */
export const MAX_PARTS = 1000;

/** Writes the statement of a part, ready to be signed. Artifacts are its subjects, in the same order. */
export function writeReleasePart(part: ReleasePart): Buffer {
  return writeContents(RELEASE_PART, part);
}

/**
 * Reads the predicate of a part and holds it against the statement's subjects.
 *
 * @throws SignwrightError `invalid-input` where they differ or a field is not what it must be.
 */
export function readReleasePart(statement: Statement): ReleasePart {
  const read = fieldReader('the release part');
  const { contents, fields } = readContents(read, statement, ['release']);
  return fields['release'] === undefined ? contents : { ...contents, release: readContribution(read, fields['release']) };
}

function readContribution(read: FieldReader, value: Json): Contribution {
  const fields = read.object(value, 'predicate.release', ['name', 'version', 'replaces']);
  const release = readReleaseName(read, fields, 'predicate.release');
  if (fields['replaces'] === undefined) return release;
  return { ...release, replaces: readEvidence(read, fields['replaces'], 'predicate.release.replaces') };
}

/** A list of pieces of evidence, sorted, each once, at least one. */
export function readEvidence(read: FieldReader, value: Json | undefined, path: string): Sha256[] {
  const ids = read.list(value, path).map((one, index) => digestAt(read, one, `${path}[${index}]`));
  if (ids.length === 0 || ids.length > MAX_PARTS) read.fail(path, `are none, or more than ${MAX_PARTS}`);
  if (ids.some((id, index) => index > 0 && id <= (ids[index - 1] as Sha256)))
    read.fail(path, 'are not sorted, or one is there twice');
  return ids;
}

/** Writes a statement whose subjects are the artifacts, in the same order. */
export function writeContents(predicateType: string, { artifacts, ...rest }: ReleaseContents): Buffer {
  return writeStatement({
    predicateType,
    subject: artifacts.map(({ name, digest }) => ({ name, sha256: hexOf(digest) })),
    predicate: { artifacts: artifacts.map(({ digest: _, ...said }) => said as JsonObject), ...(rest as JsonObject) },
  });
}

/** Reads what parts and manifests have in common; `more` are the fields a predicate has beside. */
export function readContents(
  read: FieldReader,
  statement: Statement,
  more: readonly string[],
): { readonly contents: ReleaseContents; readonly fields: JsonObject } {
  const known = ['artifacts', 'environment', 'signer', 'policy', 'source', ...more];
  const fields = read.object(statement.predicate, 'predicate', known);
  const source = read.object(fields['source'], 'predicate.source', ['certified', 'asserted']);
  const policy = read.object(fields['policy'], 'predicate.policy', ['name', 'digest']);
  const contents = {
    artifacts: readArtifacts(read, fields['artifacts'], statement),
    environment: plain(read, fields['environment'], 'predicate.environment'),
    signer: plain(read, fields['signer'], 'predicate.signer'),
    policy: { ...optionalText(read, 'name', policy), digest: digestAt(read, policy['digest'], 'predicate.policy.digest') },
    source: {
      ...(source['certified'] === undefined
        ? {}
        : { certified: claims(read, source['certified'], 'predicate.source.certified') }),
      asserted: claims(read, source['asserted'], 'predicate.source.asserted'),
    },
  };
  return { contents, fields };
}

function readArtifacts(read: FieldReader, value: Json | undefined, { subject: subjects }: Statement): PartArtifact[] {
  const said = read.list(value, 'predicate.artifacts');
  if (said.length !== subjects.length) read.fail('predicate.artifacts', 'are not as many as the subjects');
  const names = new Set<string>();
  return said.map((one, index): PartArtifact => {
    const path = `predicate.artifacts[${index}]`;
    const entry = read.object(one, path, ['name', 'kind', 'requirements', 'owner', 'reason']);
    const subject = subjects[index];
    const name = checkName(read.text(entry['name'], `${path}.name`));
    if (subject?.name !== name) read.fail(`${path}.name`, 'is not the name of the subject at its place');
    if (names.has(name.toLowerCase())) read.fail(`${path}.name`, 'is there twice, or differs from another only in case');
    names.add(name.toLowerCase());
    const kind = read.text(entry['kind'], `${path}.kind`) as Kind;
    if (!KINDS.includes(kind)) read.fail(`${path}.kind`, `is not one of ${KINDS.join(', ')}`);
    return {
      name,
      kind,
      digest: digestAt(read, `sha256:${subject?.sha256 ?? ''}`, `subject[${index}].digest.sha256`),
      requirements: digestAt(read, entry['requirements'], `${path}.requirements`),
      ...optionalText(read, 'owner', entry),
      ...optionalText(read, 'reason', entry),
    };
  });
}

function claims(read: FieldReader, value: Json | undefined, path: string): Claims {
  return Object.fromEntries(
    Object.entries(read.record(value, path)).map(([name, claim]) => [name, plain(read, claim, `${path}[${quoted(name)}]`)]),
  );
}

function digestAt(read: FieldReader, value: Json | undefined, path: string): Sha256 {
  const text = read.text(value, path);
  return isSha256(text) ? text : read.fail(path, 'is not a SHA-256 digest');
}

function plain(read: FieldReader, value: Json | undefined, path: string): string {
  const text = read.text(value, path);
  return hasControlCharacter(text) ? read.fail(path, 'has a line break or another control character') : text;
}

function optionalText<K extends string>(read: FieldReader, key: K, from: JsonObject): { [k in K]?: string } {
  return from[key] === undefined ? {} : ({ [key]: plain(read, from[key], key) } as { [k in K]: string });
}
