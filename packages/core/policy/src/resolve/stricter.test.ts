import { SignwrightError } from '@signwright/signing-core';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { basePolicy, localAddition, localQuery, query, tier } from '../../tests/arbitrary-policy.ts';
import { implies } from '../../tests/implies.ts';
import { load } from '../../tests/policy-files.ts';
import { uniteDemands } from '../demands.ts';
import { type Policy, PolicyError, type Query, type Resolution, resolveArtifact, uniteResolutions } from '../index.ts';
import { demandsOf } from '../resolve-tier.ts';

/** A policy that may be invalid: then the run is skipped. */
async function valid(written: unknown, more: { [path: string]: string } = {}): Promise<Policy> {
  try {
    return await load(JSON.stringify(written), more);
  } catch (error) {
    if (error instanceof PolicyError) fc.pre(false);
    throw error;
  }
}

/** What is decided; a refusal to decide lets nothing through, as a denial does. */
function resolved(policy: Policy, asked: Query): Resolution {
  try {
    return resolveArtifact(policy, asked);
  } catch (error) {
    if (!(error instanceof SignwrightError && (error.code === 'policy' || error.code === 'usage'))) throw error;
    return { queries: [asked], status: 'unlisted', hint: '' };
  }
}

/** The base alone; with the environment that a local file may have added to it, for it to be asked about. */
async function withEnvironment(base: Record<string, unknown>, own: unknown): Promise<Policy> {
  return valid(own === undefined ? base : { ...base, environments: { ...(base['environments'] as object), own } });
}

describe('a policy with a local file on it', () => {
  test('lets nothing through that it would not let through alone, nor more development anywhere', async () => {
    let both = 0;
    let added = 0;
    await fc.assert(
      fc.asyncProperty(
        basePolicy,
        localAddition,
        fc.array(localQuery, { minLength: 5, maxLength: 5 }),
        async (base, addition, queries) => {
          const { digest } = await valid(base);
          const extended = { ...addition, extends: { file: 'base.yaml', sha256: digest } };
          const united = await valid(extended, { 'base.yaml': JSON.stringify(base) });
          const own = (addition['environments'] as { own?: unknown } | undefined)?.own;
          const alone = await withEnvironment(base, own);
          for (const asked of queries) {
            const [before, after] = [resolved(alone, asked), resolved(united, asked)];
            if (before.status === 'required' && after.status === 'required' && after.rules.length > 1) both++;
            if (after.status === 'required' && after.environment.id === 'own') added++;
            expect(implies(after, before), JSON.stringify({ before, after })).toBe(true);
          }
        },
      ),
      { numRuns: 300, maxSkipsPerRun: 40 },
    );
    expect(both).toBeGreaterThan(100);
    expect(added).toBeGreaterThan(5);
  });
});

describe('two resolutions united', () => {
  const pairs = fc.tuple(basePolicy, query, query, query).map(([base, a, b, c]) => {
    const { environment: _, ...other } = b;
    const { environment: __, ...third } = c;
    const place = a.environment === undefined ? {} : { environment: a.environment };
    return { base, queries: [a, { ...other, ...place }, { ...third, ...place }] as const };
  });

  test('are stricter than either, the same in any order and grouping, and nothing new when united again', async () => {
    await fc.assert(
      fc.asyncProperty(pairs, async ({ base, queries }) => {
        const policy = await valid(base);
        const [a, b, c] = queries.map((one) => resolveArtifact(policy, one)) as [Resolution, Resolution, Resolution];
        const united = uniteResolutions(policy, a, b);
        expect(implies(united, a) && implies(united, b)).toBe(true);
        expect(uniteResolutions(policy, b, a)).toEqual(united);
        expect(uniteResolutions(policy, a, a)).toEqual(a);
        expect(uniteResolutions(policy, united, united)).toEqual(united);
        expect(uniteResolutions(policy, uniteResolutions(policy, b, c), a)).toEqual(
          uniteResolutions(policy, uniteResolutions(policy, a, b), c),
        );
      }),
      { numRuns: 300, maxSkipsPerRun: 20 },
    );
  });

  test('that demand the same share one requirements digest', async () => {
    await fc.assert(
      fc.asyncProperty(pairs, async ({ base, queries }) => {
        const policy = await valid(base);
        const [a, b] = queries.map((one) => resolveArtifact(policy, one)) as [Resolution, Resolution];
        const united = uniteResolutions(policy, a, b);
        if (united.status !== 'required' || a.status !== 'required') return;
        expect(united.digest === a.digest).toBe(implies(a, united));
      }),
      { numRuns: 200, maxSkipsPerRun: 20 },
    );
  });

  test('of two environments are a mistake of the caller', async () => {
    const policy = await load(
      'version: 1\nenvironments: { test: {} }\nsigners: { a: { keys: [{ ref: k, public-key: trust/a.pub }] } }\ntiers: { t: { signatures: [a] }, u: { signatures: [a] } }\nartifacts: [{ match: "*", tier: { default: t, test: u } }]',
    );
    const [a, b] = [resolveArtifact(policy, { name: 'x' }), resolveArtifact(policy, { name: 'x', environment: 'test' })];
    expect(() => uniteResolutions(policy, a, b)).toThrow(TypeError);
  });
});

describe('demands united', () => {
  test('are commutative, associative and idempotent', () => {
    const demands = tier.map((written) => demandsOf(written as Parameters<typeof demandsOf>[0], 'layer'));
    fc.assert(
      fc.property(demands, demands, demands, (a, b, c) => {
        expect(uniteDemands(a, b)).toEqual(uniteDemands(b, a));
        expect(uniteDemands(uniteDemands(a, b), c)).toEqual(uniteDemands(a, uniteDemands(b, c)));
        expect(uniteDemands(a, a)).toEqual(a);
      }),
      { numRuns: 500 },
    );
  });
});
