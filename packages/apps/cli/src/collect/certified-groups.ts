import type { Demanded } from '@signwright/policy';
import { requirementsOf, SignwrightError, type Verdict, type Verified } from '@signwright/signing-core';
import type { ArtifactInHand } from '../context/artifacts-in-hand.ts';

/** An artifact that people are collected for. */
export type Collected = Demanded<Pick<ArtifactInHand, 'name' | 'digest'>>;

/** Where something was made from, as the certificates of its signatures say. */
export type CertifiedSource = { readonly commit: string; readonly repository?: string; readonly repositoryId?: string };

/** Artifacts of one source and the same tiers: one list of authors is for all of them. */
export type CertifiedGroup = {
  readonly source: CertifiedSource;
  readonly tiers: readonly string[];
  readonly artifacts: readonly Collected[];
};

/**
 * Groups artifacts by the commit and repository that the certificates of the signatures that count name, and by tiers: what one tier
 * let through says nothing of another.
 *
 * @param verdicts one for each artifact, in order.
 * @throws SignwrightError `denied` where no certificate names a commit, or several name different ones.
 */
export function groupCertified(
  artifacts: readonly Collected[],
  verdicts: readonly Verdict[],
  verifiedOf: (artifact: Collected) => readonly Verified[],
): CertifiedGroup[] {
  const groups = new Map<string, CertifiedGroup>();
  artifacts.forEach((artifact, at) => {
    const source = sourceOf(artifact, verdicts[at] as Verdict, verifiedOf(artifact));
    const tiers = [...artifact.required.tiers].sort();
    const key = JSON.stringify([source.commit, source.repository ?? null, source.repositoryId ?? null, tiers]);
    const group = groups.get(key);
    groups.set(key, { source, tiers, artifacts: [...(group?.artifacts ?? []), artifact] });
  });
  return [...groups.values()];
}

function sourceOf({ name }: Collected, { outcomes }: Verdict, verified: readonly Verified[]): CertifiedSource {
  const counted = new Set(outcomes.filter(({ code }) => code === 'signature-verified').flatMap(({ evidence }) => evidence));
  const sources = new Map<string, CertifiedSource>();
  for (const { evidence, author } of verified) {
    if (!counted.has(evidence) || author.type !== 'certificate' || author.commit === undefined) continue;
    const { repository, 'repository-id': repositoryId } = author.claims;
    const source = {
      commit: author.commit,
      ...(repository === undefined ? {} : { repository }),
      ...(repositoryId === undefined ? {} : { repositoryId }),
    };
    sources.set(JSON.stringify([source.commit, repositoryId ?? repository ?? null]), source);
  }
  const [source, ...others] = sources.values();
  if (source !== undefined && others.length === 0) return source;
  throw new SignwrightError(
    'denied',
    source === undefined
      ? `${name}: no signature that counts is by a certificate that names a commit, so nobody knows what it was made from`
      : `${name}: its signatures' certificates name different commits: ${[source, ...others].map(({ commit }) => commit).join(', ')}`,
    { next: 'sign it in the job that built it, then collect again' },
  );
}

/** Whether a list of authors, or what people clicked, is asked for of any of these. */
export function askedOf(artifacts: readonly Collected[]): { readonly duties: boolean; readonly clicks: boolean } {
  const all = artifacts.flatMap(({ required }) => required.requirements);
  return {
    duties: requirementsOf(all, 'duties').length > 0,
    clicks: requirementsOf(all, 'approval').some(({ kind }) => kind === 'platform'),
  };
}
