import { canonicalJson } from '../formats/canonical-json.ts';
import { type Sha256, sha256 } from '../formats/digest.ts';
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
  /** The release that is closed over these artifacts, `name@version`; absent where nothing is closed. */
  readonly closes?: string;
};

/** The type of a request, as it is kept for those who are to approve it. */
export const REQUEST = 'https://signwright.dev/request/v1';

/**
 * The one encoding of a request: RFC 8785 of what is asked, the artifacts sorted. The same run again, on another machine or another
 * day, is the same request.
 */
export function encodeRequest({ artifacts, environment, commit, requester, closes }: RequestContent): Buffer {
  const sorted = artifacts
    .map(({ name, kind = null, digest = null, requirements = null }) => ({ name, kind, digest, requirements }))
    .sort((a, b) => compare(a.name, b.name) || compare(a.kind, b.kind) || compare(a.digest, b.digest));
  const content = { artifacts: sorted, environment, commit: commit ?? null, requester: requester ?? null, type: REQUEST };
  return Buffer.from(canonicalJson(closes === undefined ? content : { ...content, closes }));
}

/** The id of a request: the SHA-256 of its encoding. */
export function requestId(content: RequestContent): Sha256 {
  return sha256(encodeRequest(content));
}

function compare(a: string | null, b: string | null): number {
  return (a ?? '') < (b ?? '') ? -1 : a === b ? 0 : 1;
}
