import {
  APPROVAL,
  type Approval,
  type Sha256,
  sha256,
  type Verdict,
  type Verified,
  type VerifiedStatement,
  WAIVER,
  type Waiver,
} from '@signwright/signing-core';
import { describe, expect, test } from 'vitest';
import { LOG_KEY, load } from '../tests/policy-files.ts';
import { type Findings, judgeArtifact, type Policy, resolveArtifact } from './index.ts';

const NOON = Date.parse('2026-11-22T12:00:00Z');
const BYTES = sha256('the bytes');
const PEOPLE = ['ann', 'bob', 'cleo'];

const BASE = `version: 1
name: base
people: {${PEOPLE.map((id) => `${id}: { certificate: { issuer: https://id.example, subject: ${id} } }`).join(', ')}}
roles: { security: [ann, bob, cleo] }
signers: { build: { keys: [{ ref: keys/a.pem, public-key: trust/a.pub }] } }
audit: { log: l, verifier-keys: [${LOG_KEY}] }
tiers:
  internal: { signatures: [build] }
  production:
    extends: internal
    audit: best-effort
    approvals: [security]
    break-glass: { role: security, count: 2, max-age: 4h }
artifacts:
  - { match: "dist/*", tier: production }
  - { match: "**", tier: internal }
`;

function made(author: Verified['author'], salt: string) {
  const time = { at: NOON - 60_000, authority: 'CN=TSA', development: false };
  return {
    evidence: sha256(salt),
    statement: { subject: [], predicateType: '', predicate: null },
    time,
    author,
    development: false,
  };
}

/** A part of the pinned key that signs the bytes under a name. */
function part(policy: Policy, name: string): Verified {
  const keyId = policy.signers.get('build')?.rule.keys[0]?.keyId ?? '';
  const artifacts = [{ name, kind: 'package', digest: BYTES, requirements: sha256('') }] as const;
  return {
    ...made({ type: 'key', keyId }, `part ${name}`),
    part: { artifacts, environment: 'default', signer: 'build', policy: { digest: policy.digest }, source: { asserted: {} } },
    byDigest: new Map([[BYTES, [0]]]),
  };
}

function by(person: string, said: VerifiedStatement['said'], predicateType: string): VerifiedStatement {
  const one = made(
    { type: 'certificate', san: person, issuer: 'https://id.example', claims: {} },
    `${person} ${predicateType} ${JSON.stringify(said)}`,
  );
  return { ...one, statement: { ...one.statement, predicateType }, said, digests: new Set([BYTES]) };
}

const named = (name: string, requirements: Sha256) => [{ name, kind: 'package' as const, digest: BYTES, requirements }];

function approval(policy: Policy, person: string, name: string, of = name): VerifiedStatement {
  const resolution = resolveArtifact(policy, { name: of, kind: 'package' });
  if (resolution.status !== 'required') throw new Error(resolution.status);
  const said: Approval = {
    decision: 'approve',
    person,
    given: new Date(NOON).toISOString(),
    environment: 'default',
    request: sha256('request'),
    artifacts: named(name, resolution.digest),
    policy: { digest: policy.digest },
  };
  return by(person, { type: 'approval', approval: said }, APPROVAL);
}

function glass(person: string, requirements: Sha256): VerifiedStatement {
  const said: Waiver = {
    person,
    given: new Date(NOON).toISOString(),
    environment: 'default',
    breakGlass: true,
    reason: 'a customer waits',
    expires: new Date(NOON + 60_000).toISOString(),
    policy: { digest: sha256('policy') },
    artifacts: named('dist/app.tgz', requirements),
  };
  return by(person, { type: 'waiver', waiver: said }, WAIVER);
}

function judge(policy: Policy, name: string, findings: Partial<Findings>): Verdict {
  return judgeArtifact(
    policy,
    { name, digest: BYTES },
    { verified: [], refused: [], at: NOON, moment: 'release', anchored: false, ...findings },
  );
}

describe('bytes that are called something else here than where they were signed', () => {
  test('are let through by what was approved under the name they were signed as', async () => {
    const policy = await load(BASE);
    const verified = [part(policy, 'dist/app.tgz')];
    // The name in hand matches the same rule; only the signed name is that of the approval.
    const statements = [approval(policy, 'ann', 'dist/app.tgz')];
    expect(judge(policy, 'dist/other.tgz', { verified, statements })).toMatchObject({
      result: 'allow',
      signedAs: { name: 'dist/app.tgz', kind: 'package' },
    });
  });

  test('wait for approvals, and are not refused for their name', async () => {
    const policy = await load(BASE);
    const verified = [part(policy, 'dist/app.tgz')];
    expect(judge(policy, 'dist/other.tgz', { verified }).result).toBe('pending');
    expect(judge(policy, 'dist/other.tgz', {}).result).toBe('deny');
  });

  test('get what either name demands, so that another name frees nobody from approvals', async () => {
    const policy = await load(BASE);
    expect(judge(policy, 'out/app.tgz', { verified: [part(policy, 'out/app.tgz')] }).result).toBe('allow');
    expect(judge(policy, 'out/app.tgz', { verified: [part(policy, 'dist/app.tgz')] }).result).toBe('pending');
    expect(judge(policy, 'dist/app.tgz', { verified: [part(policy, 'out/app.tgz')] }).result).toBe('pending');
  });
});

describe('the glass', () => {
  async function withLocal(breakGlass: string): Promise<{ policy: Policy; requirements: Sha256 }> {
    const { digest } = await load(BASE);
    const local = `version: 1
name: local
extends: { file: base.yaml, sha256: ${digest} }
tiers: { mine: { signatures: [build], audit: best-effort, approvals: [{ role: security, count: 2 }]${breakGlass} } }
artifacts: [{ match: "dist/*", tier: mine }]
`;
    const policy = await load(local, { 'base.yaml': BASE });
    const resolution = resolveArtifact(policy, { name: 'dist/app.tgz' });
    if (resolution.status !== 'required') throw new Error(resolution.status);
    return { policy, requirements: resolution.digest };
  }
  const broken = ({ policy, requirements }: { policy: Policy; requirements: Sha256 }, ...people: string[]) =>
    judge(policy, 'dist/app.tgz', {
      verified: [part(policy, 'dist/app.tgz')],
      statements: people.map((person) => glass(person, requirements)),
    }).result;

  test('of several layers takes the highest count of a role, not the sum', async () => {
    const policy = await withLocal(', break-glass: { role: security, count: 1, max-age: 1h }');
    expect(broken(policy, 'ann')).toBe('pending');
    expect(broken(policy, 'ann', 'bob')).toBe('allow');
  });

  test('is broken by nobody where one layer lets nobody', async () => {
    expect(broken(await withLocal(''), ...PEOPLE)).toBe('pending');
  });
});

describe('what a vendor signs', () => {
  const VENDOR = `version: 1
identities: { nginx: { issuer: https://i.example, subject: "https://github.com/nginx/**", root: trust/root.json } }
signers: { build: { keys: [{ ref: keys/a.pem, public-key: trust/a.pub }] } }
tiers: { internal: { signatures: [build] } }
artifacts: [{ match: "vendor/*", vendor: nginx }, { match: "**", tier: internal }]
`;

  test('is demanded of the vendor alone, and enters what is demanded with its trust root', async () => {
    const policy = await load(VENDOR);
    const resolution = resolveArtifact(policy, { name: 'vendor/nginx.tgz' });
    expect(resolution).toMatchObject({
      status: 'required',
      unenforced: [],
      requirements: [{ id: 'vendor:nginx', type: 'vendor', waivable: false, layer: 'policy.yaml' }],
    });
    const other = await load(VENDOR, { 'trust/root.json': '{"mediaType":"application/vnd.dev.sigstore.trustedroot.v0.2+json"}' });
    const digests = [resolution, resolveArtifact(other, { name: 'vendor/nginx.tgz' })].map((one) =>
      one.status === 'required' ? one.digest : '',
    );
    expect(digests[0]).not.toBe(digests[1]);
  });

  test('is let through by the vendor’s signature, and by none of ours', async () => {
    const policy = await load(VENDOR);
    const signed = {
      evidence: sha256('bundle'),
      vendor: 'nginx',
      digests: new Set([BYTES]),
      time: { at: NOON - 60_000, authority: 'a log', development: false },
      author: { type: 'certificate', san: 'https://github.com/nginx/nginx', issuer: 'https://i.example', claims: {} },
      development: false,
    } as const;
    expect(judge(policy, 'vendor/nginx.tgz', { vendors: [signed] }).result).toBe('allow');
    expect(judge(policy, 'vendor/nginx.tgz', { verified: [part(policy, 'vendor/nginx.tgz')] })).toMatchObject({
      result: 'deny',
      outcomes: [{ requirement: 'vendor:nginx', code: 'no-signature' }],
    });
    expect(judge(policy, 'dist/app.tgz', { vendors: [signed] }).result).toBe('deny');
  });
});
