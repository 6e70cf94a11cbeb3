import {
  authorName,
  type Outcome,
  type ReleasedArtifact,
  type Sha256,
  type UnitedParts,
  type Verified,
  whyNotWorkload,
} from '@signwright/signing-core';
import type { Expectation, ExpectedArtifact, ExpectedPart } from './expectation.ts';
import { few, releaseOutcome } from './release-outcome.ts';

type Contributed = {
  readonly part: ExpectedPart;
  readonly parts: readonly Verified[];
  readonly artifacts: readonly ReleasedArtifact[];
};

/** Holds what is there of a release against what it must have: what is missing, what is other than expected, what nobody expects. */
export function* matchExpectation(expectation: Expectation, { artifacts, parts }: UnitedParts): Generator<Outcome> {
  const byPart = artifactsByPart(artifacts);
  const contributed = expectation.parts.map((part): Contributed => {
    const own = parts.filter((one) => isBy(one, part));
    return { part, parts: own, artifacts: [...new Set(own.flatMap(({ evidence }) => byPart.get(evidence) ?? []))] };
  });
  const expected = new Map<Sha256, Set<ReleasedArtifact>>(parts.map(({ evidence }) => [evidence, new Set()]));
  for (const one of contributed) yield* matchPart(one, expected);
  if (expectation.others === 'allow') return;
  for (const part of parts) {
    const others = (byPart.get(part.evidence) ?? []).filter((artifact) => !expected.get(part.evidence)?.has(artifact));
    if (others.length > 0) yield unexpected(part, others, expectation);
  }
}

function artifactsByPart(artifacts: readonly ReleasedArtifact[]): ReadonlyMap<Sha256, readonly ReleasedArtifact[]> {
  const byPart = new Map<Sha256, ReleasedArtifact[]>();
  for (const artifact of artifacts) {
    for (const { evidence } of artifact.parts) {
      const some = byPart.get(evidence);
      if (some) some.push(artifact);
      else byPart.set(evidence, [artifact]);
    }
  }
  return byPart;
}

function isBy({ part, author }: Verified, { signer, workload, repository }: ExpectedPart): boolean {
  if (signer !== undefined && part.signer !== signer) return false;
  if (workload === undefined && repository === undefined) return true;
  if (author.type !== 'certificate') return false;
  if (workload !== undefined && whyNotWorkload(author, workload) !== undefined) return false;
  return repository === undefined || (author.claims.repository !== undefined && repository(author.claims.repository));
}

function* matchPart({ part, parts, artifacts }: Contributed, expected: Map<Sha256, Set<ReleasedArtifact>>): Generator<Outcome> {
  const byName = new Map(artifacts.map((artifact) => [artifact.name, artifact]));
  const missing: string[] = [];
  for (const entry of part.artifacts) {
    const found = entry.match.includes('*')
      ? artifacts.filter(({ name }) => entry.matches(name))
      : [byName.get(entry.match) ?? []].flat();
    for (const { evidence } of parts) for (const artifact of found) expected.get(evidence)?.add(artifact);
    const [first] = found;
    if (entry.sha256 !== undefined && first !== undefined && first.digest !== entry.sha256) yield otherBytes(part, entry, first);
    const short = whatIsMissing(entry, found.length);
    if (short !== undefined) missing.push(short);
    if (entry.count !== undefined && found.length > entry.count) yield tooMany(part, entry, found);
  }
  if (missing.length === 0) return;
  const message =
    parts.length === 0
      ? `${part.name} has contributed nothing yet: ${few(missing)} missing`
      : `${part.name} has contributed ${artifacts.length === 1 ? '1 artifact' : `${artifacts.length} artifacts`}; ${few(missing)} missing`;
  yield releaseOutcome('pending', 'release-incomplete', message, {
    evidence: parts.map(({ evidence }) => evidence),
    next: { text: `have it sign them into the release (${part.where} expects them), then close it` },
  });
}

function whatIsMissing({ match, count }: ExpectedArtifact, found: number): string | undefined {
  if (count !== undefined) return found < count ? `${count - found} of ${count} ${match}` : undefined;
  return found === 0 ? match : undefined;
}

function otherBytes({ name }: ExpectedPart, { sha256, where }: ExpectedArtifact, found: ReleasedArtifact): Outcome {
  const message = `${name} has contributed ${found.name} as ${found.digest}, and ${sha256} is expected`;
  return releaseOutcome('unmet', 'release-unexpected', message, {
    evidence: found.parts.map(({ evidence }) => evidence),
    next: { text: `find out which bytes are right: ${where} says what is expected` },
  });
}

function tooMany({ name }: ExpectedPart, { match, count, where }: ExpectedArtifact, found: readonly ReleasedArtifact[]): Outcome {
  const names = few(found.map((one) => one.name));
  return releaseOutcome(
    'unmet',
    'release-unexpected',
    `${name} has contributed ${found.length} ${match}, and ${count} are expected: ${names}`,
    {
      evidence: [...new Set(found.flatMap(({ parts }) => parts.map(({ evidence }) => evidence)))].sort(),
      next: { text: `change the count at ${where} if they are meant to be there` },
    },
  );
}

function unexpected({ evidence, part, author }: Verified, others: readonly ReleasedArtifact[], { file }: Expectation): Outcome {
  const names = few(others.map(({ name }) => name));
  return releaseOutcome(
    'unmet',
    'release-unexpected',
    `nobody expects what ${part.signer} (${authorName(author)}) has contributed: ${names}`,
    {
      evidence: [evidence],
      next: { text: `list it in ${file}, or say there "others: allow"; if it must not be in the release, use another version` },
    },
  );
}
