import { checkName, KINDS, type Kind } from '../artifact.ts';
import { fieldReader } from '../formats/read-json.ts';
import { parseStrictJson } from '../formats/strict-json.ts';
import { encodeRequest, REQUEST } from '../records/request-id.ts';
import { MAX_NAMED, type NamedArtifact, readDigest } from './named-artifacts.ts';
import { readPlain } from './plain-fields.ts';

/** What is asked of approvers: these artifacts, into this environment, made from this commit, by whom. */
export type ApprovalRequest = {
  /** Sorted by name, kind and digest. */
  readonly artifacts: readonly NamedArtifact[];
  readonly environment: string;
  readonly commit?: string;
  /** Who asks, by a stable id; as the first run said, which retries do not change. */
  readonly requester?: string;
};

/** How the one encoding begins and ends: RFC 8785 sorts the keys. */
export const REQUEST_START = '{"artifacts":[';
export const REQUEST_END: string = `,"type":"${REQUEST}"}`;

const MAX_REQUEST = 64 * 1024 * 1024;

/**
 * The bytes of a request. Their SHA-256 is the request's id, and the digest it is kept by as evidence: a request that was changed is
 * another request.
 */
export function writeRequest(request: ApprovalRequest): Buffer {
  return encodeRequest(request);
}

/** Reads a request. @throws SignwrightError `invalid-input` for anything but the bytes {@link writeRequest} makes. */
export function readRequest(bytes: Uint8Array): ApprovalRequest {
  const read = fieldReader('the request');
  const json = parseStrictJson(bytes, { what: 'the request', maxBytes: MAX_REQUEST, maxDepth: 3 });
  const fields = read.object(json, '', ['type', 'artifacts', 'environment', 'commit', 'requester']);
  if (read.text(fields['type'], 'type') !== REQUEST) read.fail('type', `is not ${REQUEST}`);
  const listed = read.list(fields['artifacts'], 'artifacts');
  if (listed.length === 0 || listed.length > MAX_NAMED) read.fail('artifacts', 'are none, or too many');
  const artifacts = listed.map((value, index): NamedArtifact => {
    const path = `artifacts[${index}]`;
    const entry = read.object(value, path, ['name', 'kind', 'digest', 'requirements']);
    const kind = read.text(entry['kind'], `${path}.kind`) as Kind;
    if (!KINDS.includes(kind)) read.fail(`${path}.kind`, `is not one of ${KINDS.join(', ')}`);
    return {
      name: checkName(read.text(entry['name'], `${path}.name`)),
      kind,
      digest: readDigest(read, entry['digest'], `${path}.digest`),
      requirements: readDigest(read, entry['requirements'], `${path}.requirements`),
    };
  });
  const request: ApprovalRequest = {
    artifacts,
    environment: readPlain(read, fields['environment'], 'environment'),
    ...(fields['commit'] === null ? {} : { commit: readPlain(read, fields['commit'], 'commit') }),
    ...(fields['requester'] === null ? {} : { requester: readPlain(read, fields['requester'], 'requester') }),
  };
  if (!writeRequest(request).equals(bytes)) read.fail('', 'is not in its canonical form (RFC 8785), or not sorted');
  return request;
}
