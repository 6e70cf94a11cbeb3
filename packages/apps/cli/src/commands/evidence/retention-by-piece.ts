import { type Policy, resolveArtifact } from '@signwright/policy';
import type { EvidenceStore, Sha256 } from '@signwright/signing-core';
import type { ArtifactInHand } from '../../context/artifacts-in-hand.ts';
import { retainedFor } from '../../context/retained-for.ts';

/**
 * Until when each piece of evidence about these artifacts is to be kept, from now on, by their tiers. A piece about several is kept
 * for the longest; so is the record of a part with the part, and a policy's snapshot with all that is asked for.
 */
export async function retentionByPiece(
  policy: Policy,
  artifacts: readonly ArtifactInHand[],
  environment: string | undefined,
  store: EvidenceStore,
): Promise<(id: Sha256) => Date | undefined> {
  const seconds = new Map<Sha256, number>();
  for (const { name, digest } of artifacts) {
    const asked = secondsFor(policy, name, environment);
    seconds.set(digest, Math.max(seconds.get(digest) ?? 0, asked));
  }
  const longest = Math.max(0, ...seconds.values());
  if ([...seconds.values()].every((asked) => asked === longest)) return () => until(longest);
  const { gatherEvidence } = await import('@signwright/evidence');
  const subjects = new Map((await gatherEvidence(store, [...seconds.keys()])).map((piece) => [piece.id, piece.subjects]));
  const ofSubject = (subject: Sha256): number => seconds.get(subject) ?? (subjects.has(subject) ? ofPiece(subject) : longest);
  const ofPiece = (id: Sha256): number =>
    // What is listed under a piece is about what the piece is about; one step, for a store may say that two are about each other.
    Math.max(0, ...(subjects.get(id) ?? []).map((subject) => seconds.get(subject) ?? longest));
  return (id) => until(Math.max(0, ...(subjects.get(id) ?? []).map(ofSubject)));
}

function until(seconds: number): Date | undefined {
  return seconds === 0 ? undefined : retainedFor(seconds);
}

/** How long the tier of an artifact wants evidence kept. Where that depends on an environment that is not named: the longest. */
function secondsFor(policy: Policy, name: string, environment: string | undefined): number {
  const asked = resolveArtifact(policy, { name, ...(environment === undefined ? {} : { environment }) });
  if (asked.status === 'required') return asked.demands.retain ?? 0;
  if (asked.status !== 'environment-needed') return 0;
  return Math.max(0, ...asked.choices.map((choice) => secondsFor(policy, name, choice)));
}
