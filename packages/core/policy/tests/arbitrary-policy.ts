import fc from 'fast-check';
import { LOG_KEY } from './policy-files.ts';

/** Policies as plain values (JSON is YAML), small enough that their rules meet: tiers t0 to t2 of three signers, and a few rules. */

const KINDS = ['package', 'image', 'sbom', 'file'] as const;
const ENVIRONMENTS = ['default', 'test', 'production'] as const;

const kinds = fc.uniqueArray(fc.constantFrom(...KINDS), { minLength: 1, maxLength: 3 });
const duration = fc.constantFrom('1h', '4h', '1d', '7d');
const signature = fc.oneof(
  fc.constantFrom('a', 'b', 'c'),
  fc.record({ by: fc.constantFrom('a', 'b', 'c'), for: kinds }, { requiredKeys: ['by'] }),
);
const approval = fc.record(
  {
    role: fc.constantFrom('r1', 'r2'),
    count: fc.constantFrom(1, 2),
    kind: fc.constantFrom('signed', 'platform'),
    document: fc.constantFrom('change'),
  },
  { requiredKeys: ['role'] },
);
const attestation = fc.oneof(
  attestationOf('sbom', { format: fc.constantFrom(['spdx'], ['cyclonedx', 'spdx']) }),
  attestationOf('vulnerabilities', { 'fail-on': fc.constantFrom('low', 'medium', 'high', 'critical') }),
  attestationOf('provenance', {
    builder: fc.constantFrom('https://ci.example', 'https://ci.example/runners/*'),
    source: fc.constantFrom('https://git.example/a', 'https://git.example/a/**'),
  }),
);

function attestationOf(type: string, conditions: { [key: string]: fc.Arbitrary<unknown> }): fc.Arbitrary<object> {
  const of = { type: fc.constant(type), by: fc.constantFrom('a', 'c'), for: kinds, 'max-age': duration, ...conditions };
  return fc.record(of, { requiredKeys: ['type', 'by'] });
}

const window = fc.constantFrom('mon', 'tue-fri').map((days) => ({ days, from: '08:00', to: '16:00', timezone: 'UTC' }));
const freeze = fc.constantFrom('2026-12-18', '2026-12-20').map((from) => ({ from, until: '2027-01-04' }));
const list = <T>(of: fc.Arbitrary<T>, minLength = 1): fc.Arbitrary<T[]> => fc.array(of, { minLength, maxLength: 2 });

/** What a tier may say; approvals with audit, observing with an end, so that it is valid by itself. */
export const tier: fc.Arbitrary<Record<string, unknown>> = fc
  .record(
    {
      signatures: list(signature),
      audit: fc.constantFrom('required', 'best-effort'),
      approvals: list(approval),
      'approvals-expire': duration,
      'separation-of-duties': fc.uniqueArray(fc.constantFrom('author', 'requester'), { minLength: 1 }),
      attestations: list(attestation),
      windows: list(window),
      freezes: list(freeze),
      'break-glass': fc.record({ role: fc.constantFrom('r1', 'r2'), count: fc.constantFrom(1, 2), 'max-age': duration }),
      retain: fc.constantFrom('1y', '7y'),
      until: fc.constantFrom('2026-12-01', '2026-12-31'),
    },
    { requiredKeys: ['signatures'] },
  )
  .map((written) => ({
    ...written,
    // Who wrote it is known by a certificate alone.
    ...('separation-of-duties' in written ? { signatures: [...written.signatures, 'c'] } : {}),
    ...('approvals' in written ? { audit: written.audit ?? 'required' } : {}),
    ...('until' in written ? { mode: 'observe' } : {}),
  }));

const patterns = fc.constantFrom('**', 'dist/**', 'dist/*', 'dist/a', 'dist/*.map', 'out/*');

/** A rule; `tiers` are the tiers it may lead to. */
export function rule(tiers: readonly string[], withNever: boolean): fc.Arbitrary<Record<string, unknown>> {
  const one = fc.constantFrom(...tiers);
  const target = fc.oneof(
    { weight: 4, arbitrary: one.map((name) => ({ tier: name })) },
    {
      weight: 2,
      arbitrary: fc
        .dictionary(fc.constantFrom(...ENVIRONMENTS), one, { minKeys: 1, noNullPrototype: true })
        .map((map) => ({ tier: map })),
    },
    { weight: withNever ? 1 : 0, arbitrary: fc.constant({ sign: 'never' }) },
    { weight: 1, arbitrary: fc.constantFrom({ vendor: 'v1' }, { vendor: 'v2' }) },
  );
  return fc
    .record({ match: patterns, kind: fc.option(fc.constantFrom(...KINDS), { nil: undefined, freq: 2 }), target })
    .map(({ match, kind, target: to }) => ({ match, ...(kind === undefined ? {} : { kind }), ...to }));
}

const environment = fc.constantFrom({}, { 'allow-development': false }, { 'allow-development': true });

/** A whole policy without a base. */
export const basePolicy: fc.Arbitrary<Record<string, unknown>> = fc
  .record({
    tiers: fc.tuple(tier, tier, tier),
    artifacts: fc.array(rule(['t0', 't1', 't2'], true), { minLength: 1, maxLength: 4 }),
    delegates: fc.oneof(
      { weight: 1, arbitrary: fc.constant(['windows']) },
      { weight: 4, arbitrary: fc.constant(['windows', 'environments']) },
    ),
    standard: fc.option(environment, { nil: undefined }),
  })
  .map(({ tiers, artifacts, delegates, standard }) => ({
    version: 1,
    name: 'base',
    delegates,
    trust: { root: 'trust/root.json' },
    environments: {
      test: { 'allow-development': true },
      production: {},
      ...(standard === undefined ? {} : { default: standard }),
    },
    people: Object.fromEntries(
      ['p1', 'p2', 'p3'].map((id) => [id, { certificate: { issuer: 'https://id.example', subject: id } }]),
    ),
    roles: { r1: ['p1', 'p2', 'p3'], r2: ['p1', 'p2', 'p3'] },
    workloads: {
      ci: { issuer: 'https://ci.example', 'repository-id': '1' },
      gate: { issuer: 'https://ci.example', 'repository-id': '2' },
    },
    identities: Object.fromEntries(
      ['v1', 'v2'].map((id) => [id, { issuer: 'https://vendor.example', subject: id, root: 'trust/root.json' }]),
    ),
    signers: {
      a: { keys: [{ ref: 'a', 'public-key': 'trust/a.pub' }] },
      b: { keys: [{ ref: 'b', 'public-key': 'trust/b.pub' }] },
      c: { certificate: { fulcio: 'https://ca.example' }, workloads: ['ci'] },
      gate: { certificate: { fulcio: 'https://ca.example' }, workloads: ['gate'] },
    },
    verifiers: [{ id: 'https://gate.example', by: 'gate' }],
    audit: { log: 'log', 'verifier-keys': [LOG_KEY] },
    tiers: { t0: tiers[0], t1: tiers[1], t2: tiers[2] },
    artifacts,
  }));

/** What a file that builds on such a policy adds; environments now and then, of its own and such as exist already. */
export const localAddition: fc.Arbitrary<Record<string, unknown>> = fc
  .record({
    tiers: fc.tuple(tier, tier),
    artifacts: fc.array(rule(['t0', 't1', 't2', 'l0', 'l1'], true), { maxLength: 4 }),
    environments: fc.option(
      fc.dictionary(fc.constantFrom('own', 'own', 'own', 'default', 'test'), environment, {
        minKeys: 1,
        maxKeys: 2,
        noNullPrototype: true,
      }),
      {
        nil: undefined,
        freq: 2,
      },
    ),
  })
  .map(({ tiers, artifacts, environments }) => ({
    version: 1,
    name: 'local',
    tiers: { l0: tiers[0], l1: tiers[1] },
    artifacts,
    ...(environments === undefined ? {} : { environments }),
  }));

type AskedQuery = { name: string; kind?: (typeof KINDS)[number]; environment?: string };

/** A question about an artifact. */
export const query: fc.Arbitrary<AskedQuery> = queryIn(ENVIRONMENTS);

/** A question that may be about an environment only a file that builds on the policy defines. */
export const localQuery: fc.Arbitrary<AskedQuery> = queryIn(['own', 'own', ...ENVIRONMENTS]);

function queryIn(environments: readonly string[]): fc.Arbitrary<AskedQuery> {
  return fc
    .record({
      name: fc.constantFrom('dist/a', 'dist/b.map', 'dist/c/d.tgz', 'out/e.cdx.json', 'other'),
      kind: fc.option(fc.constantFrom(...KINDS), { nil: undefined }),
      environment: fc.option(fc.constantFrom(...environments), { nil: undefined, freq: 4 }),
    })
    .map(({ name, kind, environment }) => ({
      name,
      ...(kind === undefined ? {} : { kind }),
      ...(environment === undefined ? {} : { environment }),
    }));
}
