import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { judgeArtifact, loadPolicy, type Policy, resolveArtifact } from '@signwright/policy';
import {
  type Approval,
  hexOf,
  parseStatement,
  type Sha256,
  type Statement,
  sha256,
  type Verified,
  type VerifiedStatement,
  writeApproval,
} from '@signwright/signing-core';
import type { Row } from './measure.ts';

const ARTIFACTS = 10_000;
const WITHIN = 1_000;
/** What may be left behind by ten thousand decisions, in bytes of heap. */
const LEFT = 20_000_000;
const NOW = Date.parse('2026-06-01T12:00:00Z');
const PEOPLE = ['ann', 'bob', 'cleo', 'dora', 'eve'];
const TYPES = [
  'https://slsa.dev/provenance/v1',
  'https://in-toto.io/attestation/test-result/v0.1',
  'https://acme.example/scan/v1',
];

const POLICY = `version: 1
trust: { root: root.json }
workloads:
  ci: { issuer: https://ci.example, repository: "https://git.example/acme/**", ref: refs/heads/main }
people:
${PEOPLE.map((id) => `  ${id}: { certificate: { issuer: https://id.example, subject: ${id}@acme.example } }`).join('\n')}
roles: { security: [ann, bob, cleo], release: [cleo, dora, eve] }
signers: { build: { certificate: { fulcio: https://fulcio.example }, workloads: [ci] } }
waivers: { role: security, count: 2, max-age: 7d }
tiers:
  production:
    signatures: [build]
    audit: best-effort
    approvals: [{ role: security, count: 3 }, { role: release, count: 2 }]
    approvals-expire: 24h
    attestations:
      - { type: provenance, by: build, source: "https://git.example/acme/**" }
      - { type: test-result, by: build, max-age: 7d }
      - { type: "${TYPES[2]}", by: build }
    windows: [{ days: mon-fri, from: "08:00", to: "18:00", timezone: Europe/Stockholm }]
    freezes: [{ from: 2026-12-18, until: 2027-01-04 }]
artifacts: [{ match: "dist/**", tier: production }]
audit: { log: log, verifier-keys: ["log.acme.example+f5bab158+AYOXouSgNZqDIoA3JQICGD5uDfvlHx7KYOSlguexIVcQ"] }
`;

const CI = {
  type: 'certificate',
  san: 'https://git.example/acme/app//ci.yml@refs/heads/main',
  issuer: 'https://ci.example',
  claims: { repository: 'https://git.example/acme/app', ref: 'refs/heads/main' },
  commit: 'c0'.repeat(20),
} as const;

type Artifact = { readonly name: string; readonly digest: Sha256 };

/** Decisions over evidence that is parsed and verified, against parsing the same statements as JSON. */
export async function decisions(): Promise<Row[]> {
  const root = '{"mediaType":"application/vnd.dev.sigstore.trustedroot+json;version=0.1"}';
  const policy = await loadPolicy(
    'policy.yaml',
    async (path) => {
      if (path === 'policy.yaml') return Buffer.from(POLICY);
      if (path === 'root.json') return Buffer.from(root);
      throw Object.assign(new Error('no such file'), { code: 'ENOENT' });
    },
    { now: new Date(NOW) },
  );
  const all = Array.from({ length: ARTIFACTS }, (_, at) => ({ name: `dist/app-${at}.tgz`, digest: sha256(`app ${at}`) }));
  const part = partOf(policy, all);
  const shared = evidenceAbout(policy, all);
  const parsed = { statements: shared.statements, texts: [] };
  const run = (evidence: (artifact: Artifact) => Evidence) => measure(policy, part, all, evidence);
  run(() => parsed);
  const own = run((artifact) => evidenceAbout(policy, [artifact]));
  const together = run(() => parsed);
  const parse = time(() => {
    for (const text of shared.texts) JSON.parse(text);
  });
  return [
    {
      what: 'decide 10,000 artifacts, 5 approvals and 3 attestations for each',
      ours: own.ours,
      theirs: own.theirs,
      against: 'JSON.parse of those statements',
      goal: { within: WITHIN },
      memory: { ours: own.left, atMost: LEFT },
    },
    {
      what: 'decide 10,000 artifacts, 5 approvals and 3 attestations for all',
      ours: together.ours,
      theirs: parse,
      against: 'JSON.parse of those statements',
      goal: { within: WITHIN },
      memory: { ours: together.left, atMost: LEFT },
    },
  ];
}

type Evidence = { readonly statements: readonly VerifiedStatement[]; readonly texts: readonly string[] };

/** As many artifacts at once as evidence is made for beforehand: only the decisions are timed, and nothing is kept. */
const AT_ONCE = 500;

function measure(policy: Policy, part: Verified, all: readonly Artifact[], evidence: (artifact: Artifact) => Evidence) {
  let ours = 0;
  let theirs = 0;
  const before = heap();
  for (let from = 0; from < all.length; from += AT_ONCE) {
    const batch = all.slice(from, from + AT_ONCE).map((artifact) => ({ artifact, ...evidence(artifact) }));
    ours += time(() => {
      for (const { artifact, statements } of batch) {
        const findings = { verified: [part], refused: [], statements, at: NOW, moment: 'release', anchored: false } as const;
        const { result } = judgeArtifact(policy, artifact, findings);
        if (result !== 'allow') throw new Error(`${artifact.name} is ${result}`);
      }
    });
    theirs += time(() => {
      for (const { texts } of batch) for (const text of texts) JSON.parse(text);
    });
  }
  return { ours, theirs, left: Math.max(0, heap() - before) };
}

function partOf(policy: Policy, all: readonly Artifact[]): Verified {
  const artifacts = all.map(({ name, digest }) => ({
    name,
    kind: 'package' as const,
    digest,
    requirements: demandOf(policy, name),
  }));
  return {
    ...made(sha256('part'), { subject: [], predicateType: '', predicate: null }),
    part: { artifacts, environment: 'default', signer: 'build', policy: { digest: policy.digest }, source: { asserted: {} } },
    byDigest: new Map(all.map(({ digest }, at) => [digest, [at]])),
    author: CI,
  };
}

function demandOf(policy: Policy, name: string): Sha256 {
  const resolution = resolveArtifact(policy, { name });
  if (resolution.status !== 'required') throw new Error(resolution.status);
  return resolution.digest;
}

function made(evidence: Sha256, statement: Statement) {
  const time = { at: NOW - 60_000, authority: 'CN=TSA', development: false };
  return { evidence, statement, time, development: false };
}

function evidenceAbout(policy: Policy, artifacts: readonly Artifact[]): Evidence {
  const digests = new Set(artifacts.map(({ digest }) => digest));
  const approvals = PEOPLE.map((person) => {
    const approval = approvalBy(person, policy, artifacts);
    const bytes = writeApproval(approval);
    const author = { type: 'certificate', san: `${person}@acme.example`, issuer: 'https://id.example', claims: {} } as const;
    return { bytes, author, said: { type: 'approval', approval } as const };
  });
  const attested = TYPES.map((type) => ({
    bytes: attestation(type, artifacts),
    author: CI,
    said: { type: 'attestation' } as const,
  }));
  const all = [...approvals, ...attested];
  return {
    statements: all.map(({ bytes, ...who }) => ({ ...made(sha256(bytes), parseStatement(bytes)), digests, ...who })),
    texts: all.map(({ bytes }) => bytes.toString()),
  };
}

function approvalBy(person: string, policy: Policy, artifacts: readonly Artifact[]): Approval {
  return {
    decision: 'approve',
    person,
    given: new Date().toISOString(),
    environment: 'default',
    request: sha256('request'),
    artifacts: artifacts.map(({ name, digest }) => ({ name, kind: 'package', digest, requirements: demandOf(policy, name) })),
    expires: new Date(NOW + 3_600_000).toISOString(),
    policy: { digest: policy.digest },
  };
}

const PREDICATES = [
  {
    buildDefinition: {
      buildType: 'https://signwright.dev/build-types/ci/v1',
      externalParameters: { repository: 'https://git.example/acme/app', ref: 'refs/heads/main' },
      resolvedDependencies: [{ uri: 'git+https://git.example/acme/app@refs/heads/main', digest: { gitCommit: 'c0'.repeat(20) } }],
    },
    runDetails: { builder: { id: 'https://ci.example' } },
  },
  { result: 'PASSED', configuration: [] },
  { findings: 0 },
];

function attestation(predicateType: string, artifacts: readonly Artifact[]): Buffer {
  const subject = artifacts.map(({ name, digest }) => ({ name, digest: { sha256: hexOf(digest) } }));
  const predicate = PREDICATES[TYPES.indexOf(predicateType)] ?? {};
  return Buffer.from(JSON.stringify({ _type: 'https://in-toto.io/Statement/v1', subject, predicateType, predicate }));
}

function time(work: () => void): number {
  const begun = process.hrtime.bigint();
  work();
  return Number(process.hrtime.bigint() - begun) / 1e6;
}

/** Bytes of the heap in use, once what nobody refers to any more is gone. */
function heap(): number {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
  return process.memoryUsage().heapUsed;
}
