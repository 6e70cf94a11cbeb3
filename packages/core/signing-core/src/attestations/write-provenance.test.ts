import { describe, expect, test } from 'vitest';
import type { Json, JsonObject } from '../formats/strict-json.ts';
import { judgeProvenance } from './judge-provenance.ts';
import { type BuildRun, CERTIFIED, SELF_ASSERTED, writeProvenance } from './write-provenance.ts';

const COMMIT = 'b3a5d1e2c4f60718293a4b5c6d7e8f9001122334';
const RUN: BuildRun = {
  builder: 'https://gitlab.acme.example',
  repository: 'https://gitlab.acme.example/acme/pay',
  ref: 'refs/heads/main',
  commit: COMMIT,
  requester: 'gitlab:1017',
  dependencies: [{ uri: 'pkg:npm/left@2.0.0', digest: { sha256: 'ab'.repeat(32) }, name: 'left' }],
  invocation: 'https://gitlab.acme.example/acme/pay/-/jobs/7',
  startedOn: new Date('2026-11-20T08:00:00Z'),
  finishedOn: new Date('2026-11-20T08:03:00Z'),
};
const CLAIMS = { repository: 'https://gitlab.acme.example/acme/pay', ref: 'refs/heads/main', runner: 'self-hosted' };

/** The value a JSON pointer leads to. */
function valueAt(predicate: Json, pointer: string): Json | undefined {
  return pointer
    .slice(1)
    .split('/')
    .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'))
    .reduce<Json | undefined>((value, step) => (value as JsonObject | undefined)?.[step], predicate);
}

describe('provenance that a build job writes of itself', () => {
  test('says what was built from where, and is judged as it was written', () => {
    const predicate = writeProvenance(RUN);
    expect(predicate).toMatchObject({
      buildDefinition: {
        buildType: 'https://signwright.dev/build-types/ci/v1',
        externalParameters: { repository: RUN.repository, ref: RUN.ref },
        resolvedDependencies: [
          { uri: 'git+https://gitlab.acme.example/acme/pay@refs/heads/main', digest: { gitCommit: COMMIT } },
          { uri: 'pkg:npm/left@2.0.0', digest: { sha256: 'ab'.repeat(32) }, name: 'left' },
        ],
      },
      runDetails: {
        builder: { id: 'https://gitlab.acme.example' },
        metadata: { invocationId: RUN.invocation, startedOn: '2026-11-20T08:00:00.000Z', finishedOn: '2026-11-20T08:03:00.000Z' },
      },
    });
    expect(
      judgeProvenance(predicate, { source: 'https://gitlab.acme.example/acme/*', builder: 'https://gitlab.acme.example' }),
    ).toEqual({
      ok: true,
      message:
        'built by "https://gitlab.acme.example" from "https://gitlab.acme.example/acme/pay" at b3a5d1e2c4f6 (SLSA Build L1: the build job itself says so)',
    });
  });

  test('marks every value as certified or as its own word, and none as both', () => {
    const predicate = writeProvenance({ ...RUN, certified: CLAIMS, builderDependencies: RUN.dependencies ?? [] });
    expect(predicate[CERTIFIED]).toEqual([
      '/buildDefinition/externalParameters/repository',
      '/buildDefinition/externalParameters/ref',
      '/buildDefinition/internalParameters/certificate/repository',
      '/buildDefinition/internalParameters/certificate/ref',
      '/buildDefinition/internalParameters/certificate/runner',
    ]);
    expect(predicate[SELF_ASSERTED]).toEqual([
      '/buildDefinition/internalParameters/requester',
      '/buildDefinition/resolvedDependencies',
      '/runDetails/builder/id',
      '/runDetails/builder/builderDependencies',
      '/runDetails/metadata/invocationId',
      '/runDetails/metadata/startedOn',
      '/runDetails/metadata/finishedOn',
    ]);
    for (const pointer of [predicate[CERTIFIED], predicate[SELF_ASSERTED]].flat() as string[]) {
      expect(valueAt(predicate, pointer), pointer).toBeDefined();
    }
  });

  test('by a key is its own word alone', () => {
    const predicate = writeProvenance(RUN);
    expect(predicate[CERTIFIED]).toEqual([]);
    expect(predicate[SELF_ASSERTED]).toContain('/buildDefinition/externalParameters/repository');
  });

  test('takes from the certificate what the job does not say', () => {
    const { repository: _, ref: __, ...silent } = RUN;
    expect(writeProvenance({ ...silent, certified: CLAIMS })).toMatchObject({
      buildDefinition: { externalParameters: { repository: CLAIMS.repository, ref: CLAIMS.ref } },
    });
  });

  test.each(['repository', 'ref'] as const)('is not written where the job says another %s than its certificate', (name) => {
    expect(() => writeProvenance({ ...RUN, [name]: 'other', certified: CLAIMS })).toThrow(
      expect.objectContaining({
        code: 'verification',
        message: `the job says its ${name} is "other", and its certificate "${CLAIMS[name]}"`,
      }) as Error,
    );
  });

  test('of an unknown source can be written, and meets no source that is asked for', () => {
    const predicate = writeProvenance({ builder: 'https://ci.example', commit: COMMIT });
    expect(judgeProvenance(predicate)).toMatchObject({ ok: true });
    expect(judgeProvenance(predicate, { source: 'https://gitlab.acme.example/acme/*' })).toMatchObject({
      code: 'other-source',
      message: 'from which source is not told: it names no repository as externalParameters.repository',
    });
  });

  test.each<[string, Partial<BuildRun>, RegExp]>([
    ['a commit', { commit: 'main' }, /the commit "main" is none/],
    ['a builder', { builder: 'ci' }, /the builder "ci" is no address/],
    ['a digest', { dependencies: [{ uri: 'x', digest: { sha256: 'AB' } }] }, /the sha256 of the dependency "x" is no digest/],
    ['any digest', { dependencies: [{ uri: 'x', digest: {} }] }, /the dependency "x" has no digest/],
    ['an address', { builderDependencies: [{ uri: '', digest: { sha256: 'ab'.repeat(32) } }] }, /a dependency has no address/],
  ])('needs %s that is one', (_, change, why) => {
    expect(() => writeProvenance({ ...RUN, ...change })).toThrow(why);
  });
});
