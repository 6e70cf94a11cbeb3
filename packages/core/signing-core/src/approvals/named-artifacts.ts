import { checkName, KINDS, type Kind } from '../artifact.ts';
import { hexOf, isSha256, type Sha256 } from '../formats/digest.ts';
import type { FieldReader } from '../formats/read-json.ts';
import type { Json, JsonObject } from '../formats/strict-json.ts';
import type { Statement, Subject } from '../statement.ts';

/** An artifact as a person's statement names it: by its bytes, and by what the policy demanded of it where it was shown. */
export type NamedArtifact = {
  readonly name: string;
  readonly kind: Kind;
  readonly digest: Sha256;
  readonly requirements: Sha256;
};

/** Artifacts one statement may be about. */
export const MAX_NAMED = 100_000;

const indexes = new WeakMap<readonly NamedArtifact[], ReadonlyMap<Sha256, readonly NamedArtifact[]>>();

/** The same artifacts by their bytes, which several names may have. A list is looked through once, however often it is asked. */
export function namedByDigest(artifacts: readonly NamedArtifact[]): ReadonlyMap<Sha256, readonly NamedArtifact[]> {
  const known = indexes.get(artifacts);
  if (known) return known;
  const index = new Map<Sha256, NamedArtifact[]>();
  for (const one of artifacts) {
    const others = index.get(one.digest);
    if (others) others.push(one);
    else index.set(one.digest, [one]);
  }
  indexes.set(artifacts, index);
  return index;
}

/** The subjects of a statement about these artifacts, and what its predicate says of each, in the same order. */
export function writeNamed(artifacts: readonly NamedArtifact[]): {
  readonly subject: readonly { readonly name: string; readonly sha256: string }[];
  readonly artifacts: readonly JsonObject[];
} {
  return {
    subject: artifacts.map(({ name, digest }) => ({ name, sha256: hexOf(digest) })),
    artifacts: artifacts.map(({ name, kind, requirements }) => ({ name, kind, requirements })),
  };
}

/** Reads what a predicate says of each artifact, and holds it against the statement's subjects. */
export function readNamed(read: FieldReader, value: Json | undefined, statement: Statement): NamedArtifact[] {
  const said = read.list(value, 'predicate.artifacts');
  if (said.length !== statement.subject.length || said.length > MAX_NAMED)
    read.fail('predicate.artifacts', 'are not as many as the subjects');
  return said.map((one, index) => readOne(read, one, statement.subject[index], `predicate.artifacts[${index}]`));
}

function readOne(read: FieldReader, value: Json, subject: Subject | undefined, path: string): NamedArtifact {
  const entry = read.object(value, path, ['name', 'kind', 'requirements']);
  const name = checkName(read.text(entry['name'], `${path}.name`));
  if (subject?.name !== name) read.fail(`${path}.name`, 'is not the name of the subject at its place');
  const kind = read.text(entry['kind'], `${path}.kind`) as Kind;
  if (!KINDS.includes(kind)) read.fail(`${path}.kind`, `is not one of ${KINDS.join(', ')}`);
  return {
    name,
    kind,
    digest: readDigest(read, `sha256:${subject?.sha256 ?? ''}`, `${path}: the subject's sha256`),
    requirements: readDigest(read, entry['requirements'], `${path}.requirements`),
  };
}

/** A SHA-256 digest in a predicate. */
export function readDigest(read: FieldReader, value: Json | undefined, path: string): Sha256 {
  const text = read.text(value, path);
  return isSha256(text) ? text : read.fail(path, 'is not a SHA-256 digest');
}
