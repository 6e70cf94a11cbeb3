import type { ReleaseEvidence } from '@signwright/policy';
import { type EvidenceStore, type ReleaseName, releaseSubject } from '@signwright/signing-core';
import { type CollectedEvidence, collectEvidence } from '../context/collect-evidence.ts';
import type { OpenPolicy } from '../context/open-policy.ts';

/** Reads and verifies all that a store lists under a release: its parts and manifests, and what others put there. */
export async function collectRelease(store: EvidenceStore, open: OpenPolicy, release: ReleaseName): Promise<ReleaseEvidence> {
  return aboutRelease(await collectEvidence(store, [releaseSubject(release)], open), release);
}

/** What of collected evidence is listed under a release. */
export function aboutRelease(evidence: CollectedEvidence, release: ReleaseName): ReleaseEvidence {
  const subject = releaseSubject(release);
  return {
    parts: evidence.verified(subject),
    statements: evidence.statements([subject]),
    refused: evidence.refused(subject),
    records: evidence.records,
    ...(evidence.unreachable === undefined ? {} : { unreachable: evidence.unreachable }),
  };
}
