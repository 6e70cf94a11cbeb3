import {
  type Author,
  type FoundRecords,
  type Kind,
  type Sha256,
  sha256,
  type Verified,
  type VerifiedStatement,
} from '@signwright/signing-core';
import type { AskedRelease, ReleaseEvidence } from '../src/index.ts';
import { LOG_KEY, load, publicKey } from './policy-files.ts';

/** A policy with signers by certificate, `build` and `closer`, and `release` by key; what is under `dist/` is built, `rc/` released too. */
export const RELEASES = `version: 1
trust: { root: trust/root.json }
environments: { test: {}, production: {} }
workloads:
  app: { issuer: https://ci.example, repository: "https://ci.example/acme/app" }
  mac: { issuer: https://ci.example, repository: "https://ci.example/acme/mac" }
  release: { issuer: https://ci.example, repository: "https://ci.example/acme/release" }
signers:
  build: { certificate: { fulcio: https://ca.example }, workloads: [app, mac] }
  release: { keys: [{ ref: keys/a.pem, public-key: trust/a.pub }] }
  closer: { certificate: { fulcio: https://ca.example }, workloads: [release] }
releases: { by: closer }
tiers:
  internal: { signatures: [build] }
  both: { signatures: [build, release] }
  recorded: { signatures: [build], audit: required }
artifacts:
  - { match: "dist/**", tier: internal }
  - { match: "rc/**", tier: both }
  - { match: "logged/**", tier: recorded }
audit: { log: log, verifier-keys: [${LOG_KEY}] }
`;

export const policy = await load(RELEASES, { 'trust/a.pub': publicKey(0) });
export const NOON: number = Date.parse('2026-11-22T12:00:00Z');
export const ASKED: AskedRelease = { release: { name: 'app', version: '1' }, at: NOON, anchored: true };

/** A job of a repository. */
export function job(repository: string): Author {
  const uri = `https://ci.example/acme/${repository}`;
  return { type: 'certificate', issuer: 'https://ci.example', san: uri, claims: { repository: uri } };
}

const KEY: Author = { type: 'key', keyId: policy.signers.get('release')?.rule.keys[0]?.keyId ?? '' };

type Said = {
  readonly by?: Author;
  readonly signer?: string;
  readonly environment?: string;
  readonly version?: string;
  readonly at?: number;
  readonly kind?: Kind;
  readonly development?: boolean;
};

function proven(
  of: unknown,
  { by = job('app'), at = NOON - 60_000, development = false }: Said,
): Omit<Verified, 'part' | 'byDigest'> {
  return {
    evidence: sha256(JSON.stringify([of, by, at, development])),
    statement: { subject: [], predicateType: '', predicate: null },
    time: { at, authority: 'CN=TSA', development },
    author: by,
    development,
  };
}

function contents(
  artifacts: { readonly [name: string]: string },
  { signer, environment = 'default', version = '1', kind }: Said & { signer: string },
) {
  return {
    artifacts: Object.entries(artifacts).map(([name, content]) => ({
      name,
      kind: kind ?? ('file' as const),
      digest: sha256(content),
      requirements: sha256('demanded'),
    })),
    environment,
    signer,
    policy: { digest: policy.digest },
    source: { asserted: {} },
    release: { name: 'app', version },
  };
}

/** A part of app@1 over artifacts by name and content, unless it says otherwise. */
export function part(artifacts: { readonly [name: string]: string }, said: Said = {}): Verified {
  const signer = said.signer ?? 'build';
  const by = said.by ?? (signer === 'release' ? KEY : job('app'));
  const made = contents(artifacts, { ...said, signer });
  const byDigest = new Map<Sha256, number[]>();
  for (const [at, { digest }] of made.artifacts.entries()) byDigest.set(digest, [...(byDigest.get(digest) ?? []), at]);
  return { ...proven(made, { ...said, by }), part: made, byDigest };
}

/** A manifest over parts, by the job that closes releases unless it says otherwise. */
export function manifest(
  parts: readonly Verified[],
  said: Said & { readonly artifacts?: { readonly [name: string]: string } } = {},
): VerifiedStatement {
  const signer = said.signer ?? 'closer';
  const made = contents(said.artifacts ?? {}, { ...said, signer });
  const own =
    said.artifacts === undefined
      ? [...new Map(parts.flatMap((one) => one.part.artifacts).map((one) => [one.name, one])).values()]
      : made.artifacts;
  const whole = { ...made, artifacts: own, parts: parts.map(({ evidence }) => evidence).sort() };
  return {
    ...proven(whole, { ...said, by: said.by ?? job('release') }),
    said: { type: 'manifest', manifest: whole },
    digests: new Set(own.map(({ digest }) => digest)),
  };
}

/** What a store lists under the release, where the log proves the records of all or of these. */
export function evidenceOf(
  parts: readonly Verified[],
  statements: readonly VerifiedStatement[] = [],
  records: Partial<FoundRecords> = {},
): ReleaseEvidence {
  return { parts, statements, refused: [], records: { proven: new Map(), waiting: new Map(), refused: new Map(), ...records } };
}

/** The records of these, proven. */
export function provenRecords(all: readonly { readonly evidence: Sha256 }[]): Pick<FoundRecords, 'proven'> {
  const record = { proof: sha256('proof'), origin: 'log.acme.example', index: 0, size: 1, witnesses: [] };
  return { proven: new Map(all.map(({ evidence }) => [evidence, record])) };
}
