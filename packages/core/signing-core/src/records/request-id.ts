import { canonicalDigest, type Sha256 } from '../formats/digest.ts';
import type { Json } from '../formats/strict-json.ts';
import type { RecordedArtifact } from './record.ts';

/** What makes a request this one and no other. */
export type RequestContent = {
  /** As far as they are known: a request may be refused by a name alone. */
  readonly artifacts: readonly (Pick<RecordedArtifact, 'name'> & Partial<RecordedArtifact>)[];
  readonly environment: string;
  /** The commit it was made from, as the run says; absent where it knows none. */
  readonly commit?: string;
  /** Who asks, by a stable id. */
  readonly requester?: string;
};

/**
 * The id of a request: SHA-256 over RFC 8785 of what is asked, the artifacts sorted. The same run again, on another machine or another
 * day, is the same request.
 */
export function requestId({ artifacts, environment, commit, requester }: RequestContent): Sha256 {
  const sorted = artifacts
    .map(({ name, kind = null, digest = null, requirements = null }) => ({ name, kind, digest, requirements }))
    .sort((a, b) => compare(a.name, b.name) || compare(a.kind, b.kind) || compare(a.digest, b.digest));
  const content: Json = { artifacts: sorted, environment, commit: commit ?? null, requester: requester ?? null };
  return canonicalDigest(content);
}

function compare(a: string | null, b: string | null): number {
  return (a ?? '') < (b ?? '') ? -1 : a === b ? 0 : 1;
}
