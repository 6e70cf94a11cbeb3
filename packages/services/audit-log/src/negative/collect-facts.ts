import type { ReadRecord, Sha256 } from '@signwright/signing-core';

/** What is asked of a log: about these artifacts, by their digests, and about this environment. */
export type NegativeQuestion = { readonly digests: readonly Sha256[]; readonly environment: string };

/** What speaks against artifacts, as records have it. */
export type Facts = {
  /** The evidence of each rejection and withdrawal, by the artifact it is about. */
  readonly named: ReadonlyMap<Sha256, readonly Sha256[]>;
  /** The evidence of the waivers that broke the glass in this environment and that no review names. */
  readonly unreviewed: readonly Sha256[];
};

/** Gathers what speaks against artifacts, record by record, in any order; the same record may come twice. */
export type FactCollector = {
  take(record: ReadRecord['record']): void;
  /** The waivers that broke the glass, so far. */
  broken(): readonly Sha256[];
  facts(): Facts;
};

/**
 * A rejection counts whatever environment its record names: that is its writer's word, and what was really said is in the evidence.
 */
export function collectFacts({ digests, environment }: NegativeQuestion): FactCollector {
  const asked = new Set(digests);
  const named = new Map<Sha256, Set<Sha256>>();
  const broken = new Set<Sha256>();
  const reviewed = new Set<string>();
  return {
    take(record) {
      if (record.event !== 'approval') return;
      const { said, evidence } = record;
      if (said === 'reject' || said === 'withdraw') {
        for (const { digest } of record.artifacts) if (asked.has(digest)) setOf(named, digest).add(evidence);
      } else if (said === 'break-glass') {
        if (record.environment === environment) broken.add(evidence);
      } else if (said === 'review') {
        for (const waiver of record.about ?? []) reviewed.add(waiver);
      }
    },
    broken: () => [...broken],
    facts: () => ({
      named: new Map([...named].map(([digest, evidence]) => [digest, [...evidence].sort()])),
      unreviewed: [...broken].filter((evidence) => !reviewed.has(evidence)).sort(),
    }),
  };
}

function setOf(named: Map<Sha256, Set<Sha256>>, digest: Sha256): Set<Sha256> {
  const known = named.get(digest) ?? new Set();
  named.set(digest, known);
  return known;
}
