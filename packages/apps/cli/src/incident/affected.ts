import { canonicalJson, type Sha256 } from '@signwright/signing-core';

/** An artifact as a signature or a record names it. */
export type NamedDigest = { readonly name: string; readonly digest: Sha256 };

/** Something that was signed, or may have been. Times are ISO 8601. */
export type AffectedSignature = {
  /** `part`, `approval`, `attestation`, … ; `files`: bundles beside files, which no decision reads. */
  readonly kind: string;
  readonly time?: string;
  /** The policy's name for the signer or the person; else whom the certificate names, or the key. */
  readonly by: string;
  readonly environment?: string;
  /** Its digest in the evidence, and the id of its record in the log: at least one of them. */
  readonly evidence?: Sha256;
  readonly record?: Sha256;
  /**
   * `recorded`: the log has it. `not-recorded`: it is in evidence, and the log has no record of it. `no-result`: something was about
   * to be signed, and nobody said what came of it, so a signature may exist. `failed`: whoever was to sign said that it failed.
   */
  readonly standing: 'recorded' | 'not-recorded' | 'no-result' | 'failed';
  /** Why the signature proves nothing, where it does not verify. */
  readonly doubt?: string;
  readonly artifacts: readonly NamedDigest[];
};

/** A verdict that rests on something that is affected. */
export type AffectedVerdict = {
  readonly evidence: Sha256;
  readonly result: 'PASSED' | 'FAILED';
  readonly environment: string;
  readonly resource: string;
  readonly time: string;
  /** What of it is affected. */
  readonly rests: readonly Sha256[];
};

/** An artifact that anything affected is about. */
export type AffectedArtifact = NamedDigest & {
  /** Where it was signed for … */
  readonly environments: readonly string[];
  /** … and where a verdict let it through. */
  readonly allowed: readonly string[];
};

/** All that a compromise affects. */
export type Affected = {
  readonly signatures: readonly AffectedSignature[];
  readonly artifacts: readonly AffectedArtifact[];
  readonly verdicts: readonly AffectedVerdict[];
  /** What could not be looked at, and why: there may be more. */
  readonly unread: readonly string[];
  /** What cannot be found out there at all: told, and no reason to wait. */
  readonly limits: readonly string[];
};

/** What is affected, as far as it was found. */
export type Findings = Pick<Affected, 'signatures' | 'artifacts' | 'verdicts'>;

/**
 * Puts together what was found. The same findings are always the same list, in whatever order they were made. What proves nothing comes
 * last, and names an artifact only where nothing else does: anybody may put a forgery, or thousands, into a store.
 */
export function affectedOf(signatures: readonly AffectedSignature[], verdicts: readonly AffectedVerdict[]): Findings {
  const sorted = [...signatures].sort((a, b) => compare(keyOf(a), keyOf(b)));
  const artifacts = new Map<Sha256, { name: string; order: string; environments: Set<string>; allowed: Set<string> }>();
  for (const { artifacts: named, environment, doubt } of sorted) {
    for (const { name, digest } of named) {
      const order = `${doubt === undefined ? 0 : 1}${name}\0${digest}`;
      const known = artifacts.get(digest) ?? { name, order, environments: new Set(), allowed: new Set() };
      artifacts.set(digest, known);
      if (environment !== undefined) known.environments.add(environment);
    }
  }
  for (const { result, environment, resource } of verdicts) {
    const known = artifacts.get(digestIn(resource) as Sha256);
    if (result === 'PASSED') known?.allowed.add(environment);
  }
  return {
    signatures: sorted,
    artifacts: [...artifacts]
      .sort(([, a], [, b]) => compare(a.order, b.order))
      .map(([digest, { name, environments, allowed }]) => ({
        name,
        digest,
        environments: [...environments].sort(),
        allowed: [...allowed].sort(),
      })),
    verdicts: [...verdicts].sort((a, b) => compare(`${a.time}${a.evidence}`, `${b.time}${b.evidence}`)),
  };
}

/** The list as it is kept in the evidence: a JSON array, RFC 8785. */
export function listOf({ signatures, verdicts, artifacts }: Findings): Buffer {
  return Buffer.from(`${canonicalJson([{ type: LIST, signatures, verdicts, artifacts }])}\n`);
}

const LIST = 'https://signwright.dev/affected/v1';

function keyOf({ doubt, time, evidence, record }: AffectedSignature): string {
  return `${doubt === undefined ? 0 : 1}${time ?? ''}\0${evidence ?? ''}\0${record ?? ''}`;
}

/** A verdict's resource is `name@sha256:…`. */
function digestIn(resource: string): string {
  return resource.slice(resource.lastIndexOf('@') + 1);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
