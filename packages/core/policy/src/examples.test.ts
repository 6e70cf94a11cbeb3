import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { EXAMPLES, NOW, readerOf } from '../tests/policy-files.ts';
import { loadPolicy, type Policy, resolveArtifact, unenforcedAnywhere, unenforcedInRun } from './index.ts';

async function example(name: string): Promise<Policy> {
  const files: { [path: string]: Uint8Array } = {};
  for (const path of readdirSync(EXAMPLES, { recursive: true, encoding: 'utf8' })) {
    if (path.includes('.')) files[path.replaceAll('\\', '/')] = readFileSync(new URL(path, EXAMPLES));
  }
  return loadPolicy(name, readerOf(files), { now: NOW });
}

describe('the examples', () => {
  test.each(['smallest.yaml', 'two-tiers.yaml', 'full.yaml'])('%s loads without a warning', async (name) => {
    const policy = await example(name);
    expect(policy.warnings).toEqual([]);
    expect(policy.digest).toMatch(/^sha256:[0-9a-f]{64}$/);
  });

  test('the smallest useful policy asks for one signature of everything under dist/, and lets nothing else through', async () => {
    const policy = await example('smallest.yaml');
    expect(unenforcedInRun(policy)).toEqual([]);
    const inside = resolveArtifact(policy, { name: 'dist/app-1.0.tgz' });
    if (inside.status !== 'required') throw new Error(inside.status);
    expect(inside.requirements.map(({ id }) => id)).toEqual(['signature:build']);
    expect(inside.unenforced).toEqual([]);
    expect(inside.environment).toEqual({ id: 'default', allowDevelopment: false, matters: false });
    expect(resolveArtifact(policy, { name: 'src/app.ts' }).status).toBe('unlisted');
  });

  test('the small one asks for a further signature of packages that go to production', async () => {
    const policy = await example('two-tiers.yaml');
    const ids = (environment: string) => {
      const resolution = resolveArtifact(policy, { name: 'dist/app.tgz', environment });
      return resolution.status === 'required' ? resolution.requirements.map(({ id }) => id) : resolution.status;
    };
    expect(ids('test')).toEqual(['signature:build']);
    expect(ids('production')).toEqual(['signature:build', 'signature:release']);
    expect(resolveArtifact(policy, { name: 'dist/js/app.map' }).status).toBe('never');
    expect(policy.signers.get('release')?.keys[0]?.rule).toMatchObject({
      from: Date.UTC(2026, 0, 1),
      until: Date.UTC(2028, 0, 1),
    });
  });

  test('the full one names every key a run would need that is not enforced yet, with its place', async () => {
    const policy = await example('full.yaml');
    expect(unenforcedInRun(policy).map(({ key }) => key)).toEqual(['notify.on']);
    const anywhere = unenforcedAnywhere(policy);
    expect(anywhere.map(({ key }) => key)).toEqual([
      ...unenforcedInRun(policy).map(({ key }) => key),
      'tiers.external.approvals',
    ]);
    expect(new Set(anywhere.map(({ where }) => where)).size).toBe(anywhere.length);
    expect(anywhere.at(-1)?.where).toMatch(/^full\.yaml:\d+:\d+$/);
    const image = resolveArtifact(policy, { name: 'registry.acme.example/apps/pay', kind: 'image', environment: 'production' });
    if (image.status !== 'required') throw new Error(image.status);
    expect(image.tiers).toEqual(['production']);
    expect(image.requirements.map(({ id }) => id)).toEqual([
      'approval:release-engineering:platform',
      'approval:security',
      'attestation:provenance:build:source=https%3A//gitlab.acme.example/acme/**',
      'attestation:sbom:build:cyclonedx:spdx',
      'attestation:test-result:build',
      'attestation:vulnerabilities:build',
      'audit',
      'freeze',
      'separation-of-duties',
      'signature:build',
      'signature:release',
      'window',
    ]);
    expect(image.unenforced).toEqual([]);
    const external = resolveArtifact(policy, { name: 'dist/sdk.whl', kind: 'package', environment: 'public' });
    expect(external).toMatchObject({ status: 'required', unenforced: [{ key: 'tiers.external.approvals' }] });
    const chart = resolveArtifact(policy, { name: 'dist/charts/pay-1.tgz', environment: 'test' });
    expect(chart).toMatchObject({ status: 'required', kind: 'chart', tiers: ['internal'], unenforced: [] });
    const vendor = resolveArtifact(policy, { name: 'docker.io/library/nginx', kind: 'image' });
    expect(vendor).toMatchObject({ status: 'required', requirements: [{ id: 'vendor:nginx-vendor' }], unenforced: [] });
    const [former] = policy.roles.get('release-engineering')?.members.filter(({ until }) => until !== undefined) ?? [];
    expect(former).toMatchObject({ person: { id: 'former-lead' }, until: Date.UTC(2026, 5, 1) });
    expect(policy.people.get('release-lead')?.emails).toEqual(['release.lead@acme.example']);
  });
});
