import { authorName } from '../author-name.ts';
import type { Sha256 } from '../formats/digest.ts';
import { quoted } from '../formats/quoted.ts';
import type { PartArtifact } from '../release-part.ts';
import type { Verified } from '../verify-evidence.ts';
import type { CertifiedIdentity } from '../x509/claims.ts';

/** An artifact of a release, with the parts that name it so. */
export type ReleasedArtifact = Pick<PartArtifact, 'name' | 'kind' | 'digest'> & { readonly parts: readonly Verified[] };

/** Parts that cannot both be right. */
export type PartConflict = { readonly name: string; readonly message: string; readonly evidence: readonly Sha256[] };

/** What the parts of a release are together. */
export type UnitedParts = {
  /** Sorted by name. */
  readonly artifacts: readonly ReleasedArtifact[];
  /** Those that still name anything, sorted by evidence. */
  readonly parts: readonly Verified[];
  readonly conflicts: readonly PartConflict[];
};

/**
 * Unites the parts of a release. A part takes the place of earlier ones, for the artifacts it names, where it says so and is of the same
 * job: an artifact that was built again changes its own part alone. Otherwise each name has one meaning in a release, whoever signs it;
 * names that differ only in case are one. The order of the parts means nothing.
 */
export function uniteParts(parts: readonly Verified[]): UnitedParts {
  const replaced = namesReplaced(parts);
  const byName = new Map<string, { artifact: PartArtifact; parts: Verified[] }[]>();
  for (const part of parts) {
    for (const artifact of part.part.artifacts) {
      const key = artifact.name.toLowerCase();
      if (replaced.get(part.evidence)?.has(key)) continue;
      const meanings = byName.get(key) ?? [];
      const same = meanings.find((one) => isSame(one.artifact, artifact));
      if (same) same.parts.push(part);
      else meanings.push({ artifact, parts: [part] });
      byName.set(key, meanings);
    }
  }
  const entries = [...byName.values()];
  const used = new Set(entries.flatMap((meanings) => meanings.flatMap((one) => one.parts)));
  return {
    artifacts: entries.flatMap(([only, ...more]) => (only && more.length === 0 ? [released(only)] : [])).sort(byNameOf),
    parts: [...used].sort((a, b) => (a.evidence < b.evidence ? -1 : 1)),
    conflicts: entries
      .filter(({ length }) => length > 1)
      .map(conflictOf)
      .sort(byNameOf),
  };
}

/** Whether two parts are of the same job: by keys of the same signer, or by certificates for the same repository. */
export function isSameJob(a: Verified, b: Verified): boolean {
  if (a.part.signer !== b.part.signer || a.author.type !== b.author.type) return false;
  if (a.author.type !== 'certificate' || b.author.type !== 'certificate') return true;
  return a.author.issuer === b.author.issuer && whose(a.author) === whose(b.author);
}

function whose({ claims, san }: CertifiedIdentity): string {
  const [what, value] =
    claims['repository-id'] !== undefined
      ? ['id', claims['repository-id']]
      : claims.repository !== undefined
        ? ['repository', claims.repository]
        : ['san', san];
  return `${what} ${value}`;
}

/** The names of each part that others took the place of. */
function namesReplaced(parts: readonly Verified[]): ReadonlyMap<Sha256, ReadonlySet<string>> {
  const byId = new Map(parts.map((part) => [part.evidence, part]));
  const replaced = new Map<Sha256, Set<string>>();
  for (const part of parts) {
    const before = (part.part.release?.replaces ?? []).flatMap((id) => byId.get(id) ?? []).filter((one) => isSameJob(one, part));
    for (const { evidence } of before) {
      const names = replaced.get(evidence) ?? new Set();
      for (const { name } of part.part.artifacts) names.add(name.toLowerCase());
      replaced.set(evidence, names);
    }
  }
  return replaced;
}

function isSame(a: PartArtifact, b: PartArtifact): boolean {
  return a.name === b.name && a.kind === b.kind && a.digest === b.digest;
}

function released({ artifact: { name, kind, digest }, parts }: { artifact: PartArtifact; parts: Verified[] }): ReleasedArtifact {
  return { name, kind, digest, parts };
}

const SHOWN = 5;

function conflictOf(meanings: readonly { artifact: PartArtifact; parts: readonly Verified[] }[]): PartConflict {
  const all = [...meanings].sort((a, b) => (idOf(a) < idOf(b) ? -1 : 1));
  const said = all.slice(0, SHOWN).map(({ artifact, parts: [part] }) => {
    const by = part && `${part.part.signer} (${authorName(part.author)})`;
    return `${quoted(artifact.name)}, ${artifact.kind}, ${artifact.digest}, says ${by}`;
  });
  const name = all[0]?.artifact.name ?? '';
  const more = all.length > SHOWN ? ` and ${all.length - SHOWN} more` : '';
  return {
    name,
    message: `parts of the release do not agree on ${quoted(name)}: ${said.join('; ')}${more}`,
    evidence: [...new Set(all.flatMap(({ parts }) => parts.map(({ evidence }) => evidence)))].sort(),
  };
}

function idOf({ artifact: { name, kind, digest } }: { artifact: PartArtifact }): string {
  return `${name}\n${kind}\n${digest}`;
}

function byNameOf(a: { readonly name: string }, b: { readonly name: string }): number {
  return a.name < b.name ? -1 : 1;
}
