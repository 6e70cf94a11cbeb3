import { type Required, resolveArtifact } from '@signwright/policy';
import {
  type ApprovalRequest,
  type EvidenceStore,
  isSha256,
  kindOf,
  type NamedArtifact,
  readRequest,
  type Sha256,
  SignwrightError,
} from '@signwright/signing-core';
import type { OpenPolicy } from '../context/open-policy.ts';

/** A request as the policy takes it now. */
export type OpenRequest = {
  readonly id: Sha256;
  readonly request: ApprovalRequest;
  readonly artifacts: readonly (NamedArtifact & { readonly required: Required })[];
};

/**
 * Reads a request, and what the policy demands now of what it asks for.
 *
 * @param names of the artifacts it is about to be answered for; all of them where none are given.
 * @throws SignwrightError `unreachable` where the store has no such request, `denied` where the policy demands something else than when
 * it was asked, or nothing: an approval would not count.
 */
export async function openRequest(
  open: OpenPolicy,
  store: EvidenceStore,
  text: string,
  names: readonly string[] = [],
): Promise<OpenRequest> {
  const id = digestOf(text);
  const bytes = await read(store, id);
  if (kindOf(bytes) !== 'request') {
    throw new SignwrightError('usage', `${id} is evidence, and no request`, {
      next: 'the run that needs approvals prints its request; "signwright request" asks again',
    });
  }
  const request = readRequest(bytes);
  const unknown = names.find((name) => !request.artifacts.some((one) => one.name === name));
  if (unknown !== undefined) {
    throw new SignwrightError('usage', `the request does not ask for ${JSON.stringify(unknown)}`, {
      next: `it asks for ${request.artifacts
        .slice(0, 10)
        .map(({ name }) => name)
        .join(', ')}`,
    });
  }
  const wanted = request.artifacts.filter(({ name }) => names.length === 0 || names.includes(name));
  return { id, request, artifacts: wanted.map((artifact) => ({ ...artifact, required: requiredNow(open, request, artifact) })) };
}

/** Whoever answers may look into another store than the run that asked. */
async function read(store: EvidenceStore, id: Sha256): Promise<Uint8Array> {
  try {
    return await store.get(id);
  } catch (error) {
    if (!(error instanceof SignwrightError) || error.code !== 'unreachable') throw error;
    throw new SignwrightError('unreachable', `the request ${id} cannot be read: ${error.message}`, {
      next: 'look where the run that asked keeps its evidence (--evidence names another store), or ask again with "signwright request"',
      cause: error,
    });
  }
}

function digestOf(text: string): Sha256 {
  const digest = /^[0-9a-f]{64}$/.test(text) ? `sha256:${text}` : text;
  if (isSha256(digest)) return digest;
  throw new SignwrightError('usage', `${JSON.stringify(text.slice(0, 100))} is no request's id`, {
    next: 'give all of it: sha256: and 64 hex digits, as "signwright request" prints it',
  });
}

function requiredNow(open: OpenPolicy, { environment }: ApprovalRequest, { name, requirements }: NamedArtifact): Required {
  const asked = environment === 'default' ? {} : { environment };
  const resolution = resolveArtifact(open.policy, { name, ...asked });
  if (resolution.status === 'required' && resolution.digest === requirements) return resolution;
  const why =
    resolution.status === 'required'
      ? 'the policy demands something else of it now than when this was asked'
      : `the policy lets it go nowhere near ${environment} now (${resolution.status})`;
  throw new SignwrightError('denied', `${name}: ${why}`, {
    where: open.file,
    next: 'nothing was signed; ask again under this policy ("signwright request"), or use the policy it was asked under',
  });
}
