import type { Required } from '@signwright/policy';
import {
  type ApprovalRequest,
  type EvidenceStore,
  type NamedArtifact,
  requestId,
  requirementsOf,
  type Sha256,
  writeRequest,
} from '@signwright/signing-core';
import type { CollectedEvidence, StoredRequest } from '../context/collect-evidence.ts';
import { retainedFor } from '../context/retained-for.ts';

/** An artifact whose approvals may be asked for. */
export type Askable = { readonly name: string; readonly digest: Sha256; readonly required: Required };

/** A request, and whether it was there before. */
export type Asked = StoredRequest & { readonly before: boolean };

/**
 * Writes the request for the approvals that these artifacts need, where any do. The same artifacts, into the same environment, from the
 * same commit, are the same request, whoever runs it again: who asked first stays the requester, and nobody is asked twice.
 *
 * @param evidence what the store has about them.
 */
export async function askForApprovals(
  artifacts: readonly Askable[],
  environment: string,
  asserted: { readonly [name: string]: string },
  store: EvidenceStore,
  evidence: Pick<CollectedEvidence, 'requests'>,
): Promise<Asked | undefined> {
  const asking = artifacts.filter(({ required }) => requirementsOf(required.requirements, 'approval').length > 0);
  if (asking.length === 0) return undefined;
  const { commit, requester } = asserted;
  const request: ApprovalRequest = {
    artifacts: asking.map(namedOf),
    environment,
    ...(commit === undefined ? {} : { commit }),
    ...(requester === undefined ? {} : { requester }),
  };
  const known = asking.flatMap(({ digest }) => evidence.requests(digest)).find((one) => isSame(one.request, request));
  if (known) return { ...known, before: true };
  const subjects = [...new Set(asking.map(({ digest }) => digest))];
  const retain = Math.max(0, ...asking.map(({ required }) => required.demands.retain ?? 0));
  const id = await store.put(writeRequest(request), subjects, retain === 0 ? undefined : retainedFor(retain));
  return { id, request, before: false };
}

/** An artifact as requests and approvals name it. */
export function namedOf({ name, digest, required }: Askable): NamedArtifact {
  return { name, kind: required.kind, digest, requirements: required.digest };
}

/** Whoever asks. */
function isSame(a: ApprovalRequest, b: ApprovalRequest): boolean {
  const withoutRequester = ({ requester: _, ...request }: ApprovalRequest): Sha256 => requestId(request);
  return withoutRequester(a) === withoutRequester(b);
}
