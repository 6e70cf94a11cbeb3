import { type Requirement, type RoleRule, type SignerRule, SignwrightError } from '@signwright/signing-core';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { basePolicy, localAddition, query } from '../../tests/arbitrary-policy.ts';
import { implies } from '../../tests/implies.ts';
import { edits } from '../../tests/mutate-policy.ts';
import { load } from '../../tests/policy-files.ts';
import { diffPolicies, type Policy, PolicyError, type Query, type Resolution, resolveArtifact } from '../index.ts';

async function valid(written: unknown, more: { [path: string]: string } = {}): Promise<Policy> {
  try {
    return await load(JSON.stringify(written), more);
  } catch (error) {
    if (error instanceof PolicyError) fc.pre(false);
    throw error;
  }
}

function resolved(policy: Policy, asked: Query): Resolution {
  try {
    return resolveArtifact(policy, asked);
  } catch (error) {
    if (!(error instanceof SignwrightError && (error.code === 'policy' || error.code === 'usage'))) throw error;
    return { queries: [asked], status: 'unlisted', hint: '' };
  }
}

/** Whether whoever may sign by the first may sign by the second: an oracle of its own, for how signers are changed here. */
function narrower(strong: SignerRule, weak: SignerRule): boolean {
  return (
    strong.keys.every(({ keyId }) => weak.keys.some((key) => key.keyId === keyId)) &&
    strong.workloads.every((one) =>
      weak.workloads.some((other) => Object.entries(other).every(([claim, value]) => one[claim as 'ref'] === value)),
    )
  );
}

/** Whether the members of the first are all of the second's. */
function fewer(strong: RoleRule, weak: RoleRule): boolean {
  return strong.members.every((one) => weak.members.some((other) => JSON.stringify(one) === JSON.stringify(other)));
}

type Collected = { readonly collectors: readonly SignerRule[] };

/** The collectors, those that are narrower as they were. */
function narrowed({ collectors }: Collected, weak: Collected): readonly SignerRule[] {
  return collectors.map((one) => weak.collectors.find((other) => other.id === one.id && narrower(one, other)) ?? one);
}

/** As `implies`; a signer may be narrower in the strong one, and where keys of tiers stand is no demand. */
function demandsNoLess(strong: Resolution, weak: Resolution): boolean {
  if (strong.status !== 'required' || weak.status !== 'required') return implies(strong, weak);
  const like = (one: Requirement): Requirement => {
    const other = weak.requirements.find(({ id, type }) => id === one.id && type === one.type) ?? one;
    if ('signer' in one && 'signer' in other && narrower(one.signer, other.signer)) return { ...one, signer: other.signer };
    if (one.type === 'approval' && other.type === 'approval')
      return { ...one, role: fewer(one.role, other.role) ? other.role : one.role, collectors: narrowed(one, other) };
    if (one.type === 'duties' && other.type === 'duties') return { ...one, collectors: narrowed(one, other) };
    return one;
  };
  return implies({ ...strong, requirements: strong.requirements.map(like), unenforced: [] }, { ...weak, unenforced: [] });
}

const queries = fc.array(
  fc.tuple(query, fc.constantFrom(undefined, undefined, 'staging')).map(([asked, environment]) => ({
    ...asked,
    ...(environment === undefined ? {} : { environment }),
  })),
  { minLength: 12, maxLength: 12 },
);

test('where nothing is said to be weaker, no artifact is asked for less', async () => {
  const seen = { notWeaker: 0, weaker: 0, justly: 0 };
  await fc.assert(
    fc.asyncProperty(basePolicy, edits, queries, async (written, change, asked) => {
      const [before, after] = [await valid(written), await valid(change(written))];
      const changes = diffPolicies(before, after);
      if (changes.length === 0) expect(after.digest).toBe(before.digest);
      const less = asked.filter((one) => !demandsNoLess(resolved(after, one), resolved(before, one)));
      if (changes.some(({ effect }) => effect === 'weaker')) {
        seen.weaker++;
        if (less.length > 0) seen.justly++;
        return;
      }
      if (changes.length > 0) seen.notWeaker++;
      const told = JSON.stringify({ written, changed: change(written), changes, less });
      expect(less, told).toEqual([]);
    }),
    { numRuns: 400, maxSkipsPerRun: 40 },
  );
  expect(seen.notWeaker).toBeGreaterThan(40);
  expect(seen.justly).toBeGreaterThan(40);
});

test('nor where local files build on them', async () => {
  let notWeaker = 0;
  await fc.assert(
    fc.asyncProperty(basePolicy, localAddition, edits, fc.boolean(), queries, async (base, local, change, atBase, asked) => {
      const stacked = async (lower: object, upper: object): Promise<Policy> => {
        const { digest } = await valid(lower);
        return valid({ ...upper, extends: { file: 'base.yaml', sha256: digest } }, { 'base.yaml': JSON.stringify(lower) });
      };
      const renamed = JSON.parse(JSON.stringify(local).replaceAll('"l0"', '"t0"').replaceAll('"l1"', '"t1"')) as typeof local;
      const { tiers, artifacts } = atBase ? { tiers: undefined, artifacts: undefined } : changed(renamed, change);
      const edited = {
        ...local,
        ...(atBase ? {} : JSON.parse(JSON.stringify({ tiers, artifacts }).replaceAll('"t0"', '"l0"').replaceAll('"t1"', '"l1"'))),
      };
      const before = await stacked(base, local);
      const after = atBase ? await stacked(change(base), local) : await stacked(base, edited);
      const changes = diffPolicies(before, after);
      if (changes.some(({ effect }) => effect === 'weaker')) return;
      if (changes.length > 0) notWeaker++;
      for (const one of asked)
        expect(
          demandsNoLess(resolved(after, one), resolved(before, one)),
          JSON.stringify({ base, local, edited, changes, one }),
        ).toBe(true);
    }),
    { numRuns: 200, maxSkipsPerRun: 60 },
  );
  expect(notWeaker).toBeGreaterThan(10);
});

function changed(policy: Record<string, unknown>, change: (one: Record<string, unknown>) => Record<string, unknown>) {
  const { tiers, artifacts } = change({ environments: {}, workloads: {}, signers: {}, ...policy });
  return { tiers: Object.fromEntries(Object.entries(tiers as object).filter(([id]) => id !== 't2')), artifacts };
}

test('a policy and itself do not differ; one without its local file may be weaker', async () => {
  await fc.assert(
    fc.asyncProperty(basePolicy, localAddition, async (base, local) => {
      const lower = await valid(base);
      expect(diffPolicies(lower, await valid(base))).toEqual([]);
      const upper = await valid(
        { ...local, extends: { file: 'base.yaml', sha256: lower.digest } },
        { 'base.yaml': JSON.stringify(base) },
      );
      const effects = (changes: ReturnType<typeof diffPolicies>): string[] => changes.map(({ effect }) => effect);
      expect(effects(diffPolicies(upper, lower))).toContain('weaker');
    }),
    { numRuns: 50, maxSkipsPerRun: 60 },
  );
});
